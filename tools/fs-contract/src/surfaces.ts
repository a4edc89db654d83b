// Where the contract is run. A surface is a name, what it lacks, and a factory.
import { execFileSync } from 'node:child_process';
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Volume } from '@ram/fs-core';
import type { FuseNativeOptions, MountOptions } from '@ram/fuse';
import { holdIoUring } from '@ram/test-support';
import { users } from './client.ts';
import type { Identity } from './client.ts';
import { compileSystemCalls } from './compile.ts';
import { NotOffered } from './file-calls.ts';
import { fuseNativeLimits } from './fuse-native-limits.ts';
import { fuseLimits, volumeLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import { startMount } from './mount-server.ts';
import { NativeCalls } from './native-calls.ts';
import { NodeCalls, volumeCalls } from './node-calls.ts';
import type { Driver, Surface } from './run-cases.ts';

export interface SurfaceDefinition {
  /** Case → why it can't pass here. One that passes all the same is a failure. */
  limits: Limits;
  /** Much the same as another one: only for `pnpm test:full`. */
  rarely?: boolean;
  /** What its programming interface has no call for. A case that asks for anything else that is
   * not there fails. */
  lacks: readonly string[];
  /** Runs in a process of its own, as root in a mount namespace of its own. */
  open(): Surface | Promise<Surface>;
}

const isRoot = process.geteuid?.() === 0;

/** A small disk, so that filling it is quick. */
const diskBytes = 48 * 1024 * 1024;

const plainUser = { uid: 65534, gid: 65534 };

const lackedByNode = [
  'accept',
  'accessWith',
  'chdir',
  'chmodWith',
  'chownWith',
  'connect',
  'copyFileRange',
  'dup',
  'empty path',
  'extended attributes',
  'fallocate',
  'fcntl',
  'fgetxattr',
  'flistxattr',
  'flock',
  'fremovexattr',
  'from',
  'fsetxattr',
  'fstatfs',
  'getdents',
  'getxattrInto',
  'interrupted',
  'ioctl',
  'limitFileSize',
  'limitOpenFiles',
  'linkWith',
  'listen',
  'listxattrInto',
  'lock',
  'lockInTheWay',
  'long path',
  'lseek',
  'mknod',
  'mmap',
  'mremap',
  'nanoseconds',
  'offset of that kind',
  'openAt',
  'openHow',
  'other processes',
  'other users',
  'pipe',
  'preadWith',
  'pwriteWith',
  'raw',
  'read-only mount',
  'readlinkInto',
  'readv',
  'rename with flags',
  'restricted mount',
  'run',
  'sendfile',
  'splice',
  'start',
  'statxWith',
  'takeSignal',
  'testLock',
  'time before 1970',
  'umask',
  'unknown access mode',
  'UTIME_NOW and UTIME_OMIT',
  'waitForFlock',
  'waitForLock',
];
const lackedByPlainUsers = ['other users', 'read-only mount', 'restricted mount'];

export const surfaces: Readonly<Record<string, SurfaceDefinition>> = {
  tmpfs: { limits: {}, lacks: isRoot ? [] : lackedByPlainUsers, open: openTmpfs },
  'node:fs on tmpfs': {
    limits: {},
    lacks: [...lackedByNode, ...lackedByPlainUsers],
    open: () => withNodeFs(openTmpfs()),
  },
  'volume.fs': {
    limits: volumeLimits,
    lacks: [
      ...lackedByNode.filter((what) => what !== 'extended attributes'),
      'O_PATH',
      'other file system',
    ],
    open: openVolume,
  },
  'fuse passthrough': fuse({ io: 'passthrough' }),
  'fuse cached': fuse({ io: 'cached' }),
  'fuse direct': fuse({ io: 'direct' }),
  'fuse cached, locks of the volume': fuse({ io: 'cached', locks: 'volume' }),
  'fuse-native': fuse({ driver: 'fuse-native', xattrs: true }),
  'fuse-native direct': fuse({ driver: 'fuse-native', xattrs: true, io: 'direct' }),
  'fuse as Linux 5.15': fuse({ io: 'cached', kernel: '5.15' }),
  'fuse as Linux 6.1': { ...fuse({ io: 'cached', kernel: '6.1' }), rarely: true },
  'fuse direct as Linux 5.15': { ...fuse({ io: 'direct', kernel: '5.15' }), rarely: true },
  'fuse over io_uring': { ...overIoUring({ io: 'cached' }), rarely: true },
  'fuse over io_uring, direct': { ...overIoUring({ io: 'direct' }), rarely: true },
  'fuse over io_uring, locks of the volume': {
    ...overIoUring({ io: 'cached', locks: 'volume' }),
    rarely: true,
  },
  'fuse over io_uring, passthrough': overIoUring({ io: 'passthrough' }),
  'fuse cached, for root alone': forRootAlone({ io: 'cached' }),
  'fuse cached as a plain user': fuse({ io: 'cached' }, plainUser),
};

/** Any directory, with the calls made as who runs this. */
export function directorySurface(directory: string): SurfaceDefinition {
  return {
    limits: {},
    lacks: [...lackedByPlainUsers, 'other file system'],
    open: () => nativeSurface({ base: directory }),
  };
}

function fuse(
  options: MountOptions | FuseNativeOptions,
  user?: typeof plainUser,
): SurfaceDefinition {
  return {
    limits:
      options.driver === 'fuse-native'
        ? fuseNativeLimits(options)
        : fuseLimits(options, user === undefined),
    lacks: user === undefined ? [] : lackedByPlainUsers,
    async open() {
      const base = emptyFolder();
      if (user !== undefined) nodeFs.chownSync(base, user.uid, user.gid);
      const rights = user === undefined ? { suid: true, dev: true } : {};
      const server = await startMount(base, { ...options, ...rights }, diskBytes, user);
      const elsewhere = emptyFolder();
      if (user === undefined) return { ...nativeSurface(withMounts(base, elsewhere)), ...server };
      return { ...nativeSurface({ base, elsewhere }, user), ...server };
    },
  };
}

/** Without `default_permissions`: there is nobody who may not do everything. */
function forRootAlone(options: MountOptions): SurfaceDefinition {
  const definition = fuse({ ...options, allowOther: false });
  return {
    ...definition,
    lacks: ['other users'],
    async open() {
      const surface = await definition.open();
      const connect = (identity: Identity) => {
        const { user, without = [] } = identity;
        if (user !== 'root' || without.length > 0) throw new NotOffered('other users');
        return surface.connect(identity);
      };
      return { ...surface, connect };
    },
  };
}

/** Switches FUSE over io_uring on for as long as the surface is open. */
function overIoUring(options: MountOptions): SurfaceDefinition {
  const definition = fuse({ ...options, transport: 'io_uring' });
  return {
    ...definition,
    async open() {
      const letGo = holdIoUring();
      const surface = await definition.open();
      const close = async () => {
        await surface.close?.();
        letGo();
      };
      return { ...surface, close };
    },
  };
}

function openTmpfs(): Surface {
  if (!isRoot) {
    const base = nodeFs.mkdtempSync('/dev/shm/ram-contract-');
    return { ...nativeSurface({ base, elsewhere: emptyFolder() }), close: () => remove(base) };
  }
  const base = emptyFolder();
  mount('-t', 'tmpfs', '-o', `size=${diskBytes},mode=755`, 'contract', base);
  return nativeSurface(withMounts(base, emptyFolder()));
}

function openVolume(): Surface {
  const volume = new Volume({ maxBytes: diskBytes });
  return {
    base: '',
    user: 'root',
    connect: (identity) => {
      demandSelf(identity);
      return volumeCalls(volume);
    },
    close: () => volume.close(),
  };
}

function withNodeFs({ base, elsewhere, close }: Surface): Surface {
  const connect = (identity: Identity) => {
    demandSelf(identity);
    return new NodeCalls(nodeFs);
  };
  return { base, elsewhere, user: 'root', connect, close };
}

/** For surfaces where there is one client. */
export function demandSelf({ user, without, process: number }: Identity): void {
  if (number !== undefined) throw new NotOffered('other processes');
  if (user !== 'root' || without !== undefined) throw new NotOffered('other users');
}

type Folders = Pick<Surface, 'base' | 'readOnlyBase' | 'restrictedBase' | 'elsewhere'>;

/** Cases make system calls in a directory: as all users if we are root, else as one. */
function nativeSurface(folders: Folders, plain?: typeof plainUser): Surface {
  const program = compileSystemCalls();
  const single = plain !== undefined || !isRoot;
  const connect = ({ user, without = [] }: Identity): Driver => {
    if (!single && user !== 'self') return new NativeCalls(program, { ...users[user], without });
    if (user !== 'self' || without.length > 0) throw new NotOffered('other users');
    return new NativeCalls(program, plain && { ...plain, groups: [] });
  };
  return { ...folders, user: single ? 'self' : 'root', connect, close: () => {} };
}

function withMounts(base: string, elsewhere: string): Folders {
  const readOnlyBase = mountAgain(base, 'ro');
  const restrictedBase = mountAgain(base, 'nosuid,nodev,noexec');
  return { base, readOnlyBase, restrictedBase, elsewhere };
}

function mountAgain(base: string, options: string): string {
  const folder = emptyFolder();
  mount('--bind', base, folder);
  mount('-o', `remount,bind,${options}`, folder);
  return folder;
}

function mount(...args: string[]): void {
  execFileSync('mount', args);
}

/** On the disk below /tmp, open to all. */
function emptyFolder(): string {
  const folder = nodeFs.mkdtempSync(join(tmpdir(), 'ram-contract-'));
  nodeFs.chmodSync(folder, 0o777);
  return folder;
}

function remove(folder: string): void {
  nodeFs.rmSync(folder, { recursive: true, force: true });
}
