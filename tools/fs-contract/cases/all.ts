// The whole table.
import { argumentRules } from './arguments.ts';
import { atRules } from './at-calls.ts';
import { chmodRules } from './chmod.ts';
import { descriptorRules } from './descriptors.ts';
import { fallocateRules, seekRules, truncateRules } from './extents.ts';
import { closeRules, readRules, writeRules } from './io.ts';
import { fullDiskRules, statfsRules } from './full-disk.ts';
import { inheritanceRules, listingRules } from './listing.ts';
import { directoryRules, linkRules, symlinkRules } from './links.ts';
import { lockRules } from './locks.ts';
import { mkdirRules, mknodRules } from './mkdir.ts';
import { mappingCallRules } from './mapping-calls.ts';
import { mmapRules } from './mmap.ts';
import { moreTimeRules } from './more-times.ts';
import { moreXattrRules } from './more-xattrs.ts';
import { nameRules } from './names.ts';
import { creationRules } from './open-create.ts';
import { openRules } from './open.ts';
import { chownRules } from './owners.ts';
import { pathRules } from './paths.ts';
import { accessRules, stickyRules } from './permissions.ts';
import { programRules } from './programs.ts';
import { readOnlyRules } from './read-only.ts';
import { renameFlagRules } from './rename-flags.ts';
import { renameRules } from './rename.ts';
import { setIdRules } from './set-id-bits.ts';
import { setIdTruncationRules } from './set-id-truncation.ts';
import { deviceRules, fifoRules, socketRules } from './special-files.ts';
import { statRules, statfsMoreRules, statxRules } from './stat.ts';
import { temporaryFileRules } from './temporary-files.ts';
import { timeRules, utimesRules } from './times.ts';
import { copyRules, sendfileRules, spliceRules } from './transfers.ts';
import { rmdirRules, unlinkRules } from './unlink.ts';
import { syncRules, vectorRules } from './vectors.ts';
import { flockRules, leaseRules } from './whole-file-locks.ts';
import { stickyMoreRules, whoMayRules } from './who-may.ts';
import { xattrRules } from './xattrs.ts';

export const cases = [
  ...nameRules,
  ...pathRules,
  ...atRules,
  ...descriptorRules,
  ...argumentRules,
  ...openRules,
  ...creationRules,
  ...temporaryFileRules,
  ...unlinkRules,
  ...rmdirRules,
  ...mkdirRules,
  ...mknodRules,
  ...renameRules,
  ...renameFlagRules,
  ...chmodRules,
  ...chownRules,
  ...setIdTruncationRules,
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
  ...mappingCallRules,
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
