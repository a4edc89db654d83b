// What the driver fuse-native can't do on a Volume, by reason. packages/fuse/README.md tells users.
import type { FuseNativeOptions } from '@ram/fuse';
import type { Limits } from './limits.ts';

const casesByReason: Readonly<Record<string, readonly string[]>> = {
  'fuse-native has names as UTF-8 only': ['names: are bytes, not text'],
  'fuse-native does not tell who asks: what is made belongs to the server': [
    'open: O_CREAT gives the file to who makes it',
    'open: O_CREAT in a set-gid directory gives the file its group',
    'mkdir: gives the directory to who makes it',
    'mkdir: in a set-gid directory takes its group and the bit',
    'chmod: by the owner needs no permission on the file',
    'chmod: by root without CAP_FOWNER is EPERM',
    'chmod: by an owner outside of the group takes set-gid away',
    'chmod: by an owner in the group keeps set-gid, by a supplementary group too',
    'chmod: by an owner outside of the group of a directory takes set-gid away',
    'chmod: by a plain owner may set the sticky bit of a file',
    'chown: to another user by a plain owner is EPERM',
    'chown: to a group of the owner is allowed, to another EPERM',
    'chown: by a plain owner takes set-id bits away',
    'chown: of neither by the owner takes set-id bits away',
    'set-id bits: are taken away when the owner writes',
    'utimensat: by the owner needs no permission on the file',
    'access: root without CAP_DAC_OVERRIDE is as others',
    'access: the owner has the bits of the owner, also when others have more',
    'link: without write permission on the directory is EACCES',
    'sticky: rename of an own file is allowed',
    'sticky: rmdir of a stranger’s directory is EPERM',
    'sticky: root may unlink everything, not without CAP_FOWNER',
    'sticky: unlink of an own file is allowed',
    'symlink: belongs to who makes it, in a set-gid directory to its group',
  ],
  'libfuse 2 has no birth time': [
    'open: O_CREAT sets all times of the file to one present',
    'mkdir: sets all times of the directory to one present',
  ],
  'volume.fs does not keep it': ['open: O_NOATIME by the owner leaves atime as it is'],
  'node:fs has no mknod: only files and directories can be made': [
    'open: a FIFO for writing, without a reader and without waiting, is ENXIO',
    'open: a FIFO carries bytes from one process to another',
    'open: a socket is ENXIO',
    'open: a device node is the device',
    'open: a device node without a device is ENXIO',
    'unlink: FIFOs, sockets and devices go',
    'mknod: makes what the mode says',
    'mknod: keeps the number of a device',
    'mknod: a FIFO and a file have no device number',
    'mknod: takes the umask off the mode',
    'mknod: of a device by a plain user is EPERM, of a FIFO allowed',
    'mknod: changes mtime and ctime of the directory',
    'mknod: in a set-gid directory takes its group',
    'rename: of FIFOs, sockets and devices keeps what they are',
    'renameat2: WHITEOUT leaves a character device 0:0',
    'chmod: sets the bits of FIFOs and sockets',
    'xattr: user. of a symbolic link, a FIFO and a device is EPERM',
    'lseek: of a FIFO is ESPIPE',
    'truncate: of a FIFO is EINVAL',
    'fallocate: of a FIFO is ESPIPE',
    'link: of FIFOs, sockets and devices',
    'readdir: tells the type and the inode of each',
  ],
  'libfuse 2 has no O_TMPFILE': [
    'O_TMPFILE: makes a file without a name',
    'O_TMPFILE: can be given a name by linkat of /proc/self/fd',
    'O_TMPFILE: with O_EXCL can be given no name: ENOENT',
    'O_TMPFILE: does not touch the directory',
    'O_TMPFILE: takes the group of a set-gid directory, and the umask',
    'O_TMPFILE: its space comes back when it is closed',
  ],
  'libfuse 2 finds directories by their path': [
    'rmdir: an open directory lives on without links, and without entries: ENOENT',
    'rmdir: a removed working directory has no names: ENOENT',
  ],
  'libfuse 2 has no renameat2': [
    'renameat2: NOREPLACE moves where there is no such name',
    'renameat2: EXCHANGE swaps two files',
    'renameat2: EXCHANGE swaps a file and a directory of different parents',
    'renameat2: EXCHANGE swaps two directories that are not empty',
    'renameat2: EXCHANGE changes ctime of both',
  ],
  'the kernel asks nothing: ctime stays': [
    'chown: of neither user nor group changes nothing but ctime',
    'chown: of neither by a stranger changes ctime alone',
  ],
  'fuse-native has no fallocate': [
    'set-id bits: are taken away by fallocate of a stranger',
    'set-id bits: are taken away by a punched hole of a stranger',
    'set-id bits: file capabilities are taken away by fallocate of a stranger',
    'set-id bits: file capabilities are taken away by a punched hole of a stranger',
    'set-id bits: are taken away through a descriptor that a stranger got before',
    'times: fallocate that grows changes mtime and ctime',
    'times: a punched hole changes mtime and ctime',
    'fallocate: grows the file by zeros and takes the space',
    'fallocate: does not shrink the file',
    'fallocate: KEEP_SIZE takes the space behind the end',
    'fallocate: fills a hole',
    'fallocate: PUNCH_HOLE leaves zeros, and the rest',
    'fallocate: PUNCH_HOLE gives whole pages back',
    'fallocate: PUNCH_HOLE behind the end changes nothing',
    'fallocate: of more than there is is ENOSPC, and takes nothing',
    'fallocate: above the limit of the file size is EFBIG',
    'full disk: fallocate is ENOSPC',
  ],
  'fuse-native does not tell who writes: set-id bits go for all, odd set-gid bits stay': [
    'set-id bits: are kept when root writes',
    'set-id bits: set-gid without execution by the group is taken away when a stranger writes',
  ],
  'a write-back is a write like any other; direct: no MAP_SHARED': [
    'set-id bits: are kept by a store through a mapping, also of a stranger',
  ],
  'fuse-native has milliseconds, and nothing before 1970': [
    'utimensat: sets them to the nanosecond',
    'utimensat: takes times before 1970 and after 2038',
  ],
  'libfuse 2 without utime_omit_ok passes both times or none': [
    'utimensat: UTIME_OMIT leaves a time as it is',
  ],
  'fuse-native does not tell who lists': [
    'xattr: trusted. is for root: others do not list it, read it or set it',
  ],
  'libfuse 2 has no SEEK_DATA and SEEK_HOLE': [
    'lseek: SEEK_DATA finds what lies behind a hole',
    'lseek: SEEK_HOLE finds a punched hole',
    'lseek: SEEK_DATA in a file that is one hole is ENXIO',
  ],
  'libfuse 2 lists names without inodes': ['readdir: has a dot and two dots with their inodes'],
  'direct: no MAP_SHARED; cached: the directory of a removed file that is mapped stays': [
    'mmap: MAP_PRIVATE keeps its stores to itself',
    'mmap: a store changes mtime and ctime by msync at the latest',
    'mmap: a store is read by read(2) of the same machine',
    'mmap: a store is there after msync for another process',
    'mmap: a store is there when the mapping has outlived its descriptor and name',
    'mmap: a write by another process shows in a mapping',
    'mmap: a write shows in a mapping',
    'mmap: after truncate what was cut is SIGBUS, and zero when it grows back',
    'mmap: is SIGBUS on a page behind the end',
    'mmap: is zero behind the end of the file, within its last page',
    'mmap: mappings in two processes are one',
    'mmap: of a later part of a file begins there',
    'mmap: shows the content',
    'mmap: two mappings of a file are one',
  ],
};

const directLimits: Limits = {
  'mmap: a store is there after munmap and close': 'no MAP_SHARED with direct_io',
};

const limits: Limits = Object.fromEntries(
  Object.entries(casesByReason).flatMap(([reason, cases]) =>
    cases.map((name) => [name, reason] as const),
  ),
);

export function fuseNativeLimits({ io }: FuseNativeOptions): Limits {
  return io === 'direct' ? { ...limits, ...directLimits } : limits;
}
