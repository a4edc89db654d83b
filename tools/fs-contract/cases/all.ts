// The whole table.
import { argumentRules } from './arguments.ts';
import { atRules } from './at-calls.ts';
import { descriptorRules } from './descriptors.ts';
import { fallocateRules, seekRules, truncateRules } from './extents.ts';
import { closeRules, readRules, writeRules } from './io.ts';
import { fullDiskRules, statfsRules } from './full-disk.ts';
import { inheritanceRules, listingRules } from './listing.ts';
import { directoryRules, linkRules, symlinkRules } from './links.ts';
import { flockRules, leaseRules, lockRules } from './locks.ts';
import { mkdirRules, mknodRules } from './mkdir.ts';
import { mmapRules } from './mmap.ts';
import { moreTimeRules } from './more-times.ts';
import { moreXattrRules } from './more-xattrs.ts';
import { nameRules } from './names.ts';
import { openRules, temporaryFileRules } from './open.ts';
import { chmodRules, chownRules, setIdRules } from './owners.ts';
import { pathRules } from './paths.ts';
import { accessRules, stickyRules } from './permissions.ts';
import { readOnlyRules } from './read-only.ts';
import { renameFlagRules, renameRules } from './rename.ts';
import { deviceRules, fifoRules, programRules, socketRules } from './special-files.ts';
import { statRules, statfsMoreRules, statxRules } from './stat.ts';
import { timeRules, utimesRules } from './times.ts';
import { copyRules, sendfileRules, spliceRules } from './transfers.ts';
import { rmdirRules, unlinkRules } from './unlink.ts';
import { syncRules, vectorRules } from './vectors.ts';
import { stickyMoreRules, whoMayRules } from './who-may.ts';
import { xattrRules } from './xattrs.ts';

export const cases = [
  ...nameRules,
  ...pathRules,
  ...atRules,
  ...descriptorRules,
  ...argumentRules,
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
  ...moreTimeRules,
  ...xattrRules,
  ...moreXattrRules,
  ...closeRules,
  ...readRules,
  ...writeRules,
  ...vectorRules,
  ...syncRules,
  ...seekRules,
  ...truncateRules,
  ...fallocateRules,
  ...linkRules,
  ...symlinkRules,
  ...directoryRules,
  ...listingRules,
  ...inheritanceRules,
  ...accessRules,
  ...stickyRules,
  ...stickyMoreRules,
  ...whoMayRules,
  ...readOnlyRules,
  ...fifoRules,
  ...socketRules,
  ...deviceRules,
  ...programRules,
  ...mmapRules,
  ...lockRules,
  ...flockRules,
  ...leaseRules,
  ...sendfileRules,
  ...spliceRules,
  ...copyRules,
  ...statfsRules,
  ...statRules,
  ...statxRules,
  ...statfsMoreRules,
  ...fullDiskRules,
];
