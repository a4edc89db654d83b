// What a surface can't do, case by case, and why. A case that passes all the same is a failure,
// so that these lists only shrink.
import type { MountOptions } from '@ram/fuse';

/** Case → reason. */
export type Limits = Readonly<Record<string, string>>;

const pathDescriptors = 'volume.fs refuses O_PATH: its descriptors are open files';

export const volumeLimits: Limits = {
  'open: O_PATH | O_NOFOLLOW gives a descriptor of a symbolic link': pathDescriptors,
  'chmod: of an O_PATH descriptor is EBADF': pathDescriptors,
  'xattr: of an O_PATH descriptor is EBADF': pathDescriptors,
  'open: O_NOATIME by the owner leaves atime as it is': 'the store does not heed O_NOATIME',
  'chown: of neither user nor group changes nothing but ctime': 'ctime stays',
  'set-id bits: file capabilities are taken away by a write, also of root': 'kept in process',
  'set-id bits: file capabilities are taken away by truncate': 'kept in process',
};

/** What the protocol doesn't tell: nothing that a server can mend. */
const protocolLimits: Limits = {
  'open: O_NOATIME by the owner leaves atime as it is': 'the store does not heed O_NOATIME',
  'chown: of neither user nor group changes nothing but ctime': 'ctime stays',
  'times: readdir changes atime of the directory where it is older than mtime': 'not kept',
  'times: readlink changes atime of the link where it is older than mtime': 'not kept',
};

const otherUsersLimits: Limits = {
  'chown: of neither by a stranger changes ctime alone': 'ctime stays',
  'chown: of neither by a stranger is EPERM where there are set-id bits to take away':
    'the kernel sends the same SETATTR for it as for a write that takes bits away',
  'set-id bits: set-gid without execution by the group stays when one of further groups writes':
    'a request tells the first group of its caller only',
};

const directLimits: Limits = {
  'set-id bits: file capabilities are taken away by a write, also of root': 'kept by root',
};

/** @param others Whether other users get in. */
export function fuseLimits({ io }: MountOptions, others: boolean): Limits {
  const direct = io === 'direct' ? directLimits : {};
  return { ...protocolLimits, ...(others ? otherUsersLimits : {}), ...direct };
}
