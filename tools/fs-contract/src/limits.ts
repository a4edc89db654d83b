// What a surface can't do, case by case, and why. A case that passes all the same is a failure,
// so that these lists only shrink.

import type { MountOptions } from '@ram/fuse';

/** Case → reason. */
export type Limits = Readonly<Record<string, string>>;

const pathDescriptors = 'volume.fs refuses O_PATH: its descriptors are open files';
const noAtime = { 'open: O_NOATIME by the owner leaves atime as it is': 'O_NOATIME is not heeded' };

export const volumeLimits: Limits = {
  ...noAtime,
  'open: O_PATH | O_NOFOLLOW gives a descriptor of a symbolic link': pathDescriptors,
  'chmod: of an O_PATH descriptor is EBADF': pathDescriptors,
  'xattr: of an O_PATH descriptor is EBADF': pathDescriptors,
};

const strangersChown: Limits = {
  'chown: of neither by a stranger is EPERM where there are set-id bits to take away':
    'the kernel sends the same SETATTR for it as for a write that takes bits away',
};

const furtherGroups: Limits = {
  'set-id bits: set-gid without execution by the group stays when one of further groups writes':
    'a request tells the first group of its caller only',
};

/** @param others Whether other users get in. */
export function fuseLimits({ io }: MountOptions, others: boolean): Limits {
  // What is passed through, the kernel does itself.
  const served = io === 'passthrough' ? {} : { ...noAtime, ...(others ? furtherGroups : {}) };
  return { ...served, ...(others ? strangersChown : {}) };
}
