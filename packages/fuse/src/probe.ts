import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { hasControlFiles } from './connection.ts';
import { findFusermount } from './fusermount.ts';
import { isSupported, native } from './native.ts';

/** What this machine offers to mounts. */
export interface FuseProbe {
  /** The addon loads. */
  supported: boolean;
  /** The system lets this process mount by mount(2): not as plain user, nor as root of a user
   * namespace in a mount namespace from outside (`unshare -Ur` without `-m`). */
  mayMount: boolean;
  /** How a mount would be made: by mount(2), through the helper, or not at all. */
  way: 'root' | 'fusermount3' | undefined;
  kernelRelease: string;
  /** The minor version of FUSE 7 that a kernel of this release speaks; undefined below 5.10. */
  protocolMinor: number | undefined;
  /** /dev/fuse exists, and this user may open it. */
  device: { exists: boolean; accessible: boolean };
  fusermount3: { path: string; setuid: boolean } | undefined;
  /** /etc/fuse.conf lets plain users mount for others. */
  userAllowOther: boolean;
  /** The kernel's control files are mounted: hanging mounts can be aborted. */
  fusectl: boolean;
  /** Kernel and privileges allow reads and writes to go to the Volume's files directly. */
  passthrough: boolean;
  /** FUSE over io_uring: known to the kernel, and switched on. */
  ioUring: { available: boolean; enabled: boolean };
  /** The largest request in bytes. */
  requestBytesMax: number;
}

/** Kernel release → minor version, from include/uapi/linux/fuse.h of each. */
const minors: readonly [major: number, minor: number, protocolMinor: number][] = [
  [6, 18, 45],
  [6, 16, 44],
  [6, 15, 43],
  [6, 14, 42],
  [6, 12, 41],
  [6, 9, 40],
  [6, 6, 39],
  [6, 2, 38],
  [6, 1, 37],
  [5, 17, 36],
  [5, 16, 35],
  [5, 14, 34],
  [5, 11, 33],
  [5, 10, 32],
];
const passthroughMinor = 40;
const pageBytes = 4096;
const defaultMaxPages = 256;
const setuidBit = 0o4000;
const eperm = 1;

/** Looks at the machine; changes nothing and never throws. */
export async function probe(): Promise<FuseProbe> {
  const isRoot = process.geteuid?.() === 0;
  const helper = findFusermount();
  const minor = protocolMinorOf(release());
  const uring = readText('/sys/module/fuse/parameters/enable_uring');
  const exists = existsSync('/dev/fuse');
  const allowed = await mayMount();
  return {
    supported: isSupported(),
    mayMount: allowed,
    way: wayToMount(exists, isRoot, allowed, helper),
    kernelRelease: release(),
    protocolMinor: minor,
    device: { exists, accessible: isAccessible('/dev/fuse') },
    fusermount3: helper ? { path: helper, setuid: isSetuid(helper) } : undefined,
    userAllowOther: /^\s*user_allow_other\b/m.test(readText('/etc/fuse.conf') ?? ''),
    fusectl: await hasControlFiles().catch(() => false),
    passthrough: isRoot && minor !== undefined && minor >= passthroughMinor,
    ioUring: { available: uring !== undefined, enabled: uring?.trim() === 'Y' },
    requestBytesMax:
      pageBytes * (Number(readText('/proc/sys/fs/fuse/max_pages_limit')) || defaultMaxPages),
  };
}

/** Exported for its test. */
export function protocolMinorOf(kernelRelease: string): number | undefined {
  const [major = 0, minor = 0] = kernelRelease.split(/[.-]/).map(Number);
  return minors.find(([a, b]) => major > a || (major === a && minor >= b))?.[2];
}

/** By an unmount of what is none: the kernel looks at the rights first. @see umount(2) */
async function mayMount(): Promise<boolean> {
  if (!isSupported()) return false;
  const [result] = await native().unmount('/proc/self/task', 0);
  return result !== -eperm;
}

function wayToMount(
  exists: boolean,
  isRoot: boolean,
  allowed: boolean,
  helper: string | undefined,
): FuseProbe['way'] {
  if (!exists) return undefined;
  if (isRoot) return allowed ? 'root' : undefined;
  return helper === undefined ? undefined : 'fusermount3';
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isAccessible(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isSetuid(path: string): boolean {
  const { mode, uid } = statSync(path);
  return uid === 0 && (mode & setuidBit) !== 0;
}
