// The whole table.
import { fallocateRules, seekRules, truncateRules } from './extents.ts';
import { closeRules, readRules, writeRules } from './io.ts';
import { directoryRules, linkRules, symlinkRules } from './links.ts';
import { mkdirRules, mknodRules } from './mkdir.ts';
import { nameRules } from './names.ts';
import { openRules, temporaryFileRules } from './open.ts';
import { chmodRules, chownRules, setIdRules } from './owners.ts';
import { accessRules, readOnlyRules, stickyRules } from './permissions.ts';
import { renameFlagRules, renameRules } from './rename.ts';
import { copyRules, fullDiskRules, lockRules, mmapRules, statfsRules } from './sharing.ts';
import { timeRules, utimesRules } from './times.ts';
import { rmdirRules, unlinkRules } from './unlink.ts';
import { xattrRules } from './xattrs.ts';

export const cases = [
  ...nameRules,
  ...openRules,
  ...temporaryFileRules,
  ...unlinkRules,
  ...rmdirRules,
  ...mkdirRules,
  ...mknodRules,
  ...renameRules,
  ...renameFlagRules,
  ...chmodRules,
  ...chownRules,
  ...setIdRules,
  ...utimesRules,
  ...timeRules,
  ...xattrRules,
  ...closeRules,
  ...readRules,
  ...writeRules,
  ...seekRules,
  ...truncateRules,
  ...fallocateRules,
  ...linkRules,
  ...symlinkRules,
  ...directoryRules,
  ...accessRules,
  ...stickyRules,
  ...readOnlyRules,
  ...mmapRules,
  ...lockRules,
  ...copyRules,
  ...statfsRules,
  ...fullDiskRules,
];
