import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** One line of /proc/self/mountinfo. */
export interface MountEntry {
  directory: string;
  /** `fuse`, `fuse.ram`, `tmpfs`, … */
  type: string;
  /** The device as /proc/mounts shows it; our `name`. */
  source: string;
  /** The minor device number: what a FUSE connection is called below /sys/fs/fuse. */
  device: number;
  /** The major one; both together tell a mount from others at the same directory. */
  major: number;
  /** Of a FUSE mount that lets only this user in. */
  owner?: { uid: number; gid: number };
}

/** What tells one mount from another. */
export type MountIdentity = Pick<MountEntry, 'directory' | 'major' | 'device'>;

// The mounts that this process sees, in the order in which they were made.
const mountTable = '/proc/self/mountinfo';

async function readMountTable(): Promise<MountEntry[]> {
  return parseMountTable(await readFile(mountTable, 'latin1'));
}

/** The topmost mount whose root is exactly `directory` (absolute, without symlinks). */
export async function findMount(directory: string): Promise<MountEntry | undefined> {
  return (await readMountTable()).findLast((entry) => entry.directory === directory);
}

/** As findMount(), at once. */
export function findMountNow(directory: string): MountEntry | undefined {
  const entries = parseMountTable(readFileSync(mountTable, 'latin1'));
  return entries.findLast((entry) => entry.directory === directory);
}

/** What is mounted below `directory`, at whatever depth, in the order in which it was mounted. */
export async function findMountsBelow(directory: string): Promise<MountEntry[]> {
  const start = directory === '/' ? '/' : `${directory}/`;
  return (await readMountTable()).filter((entry) => entry.directory.startsWith(start));
}

/**
 * Where this very mount is: `'topmost'` at its directory, `'covered'` by another mount there, or
 * `'gone'` from there.
 */
export async function placeOf(mount: MountIdentity): Promise<'topmost' | 'covered' | 'gone'> {
  const entries = (await readMountTable()).filter((entry) => entry.directory === mount.directory);
  const isIt = (entry: MountEntry) => entry.major === mount.major && entry.device === mount.device;
  const last = entries.at(-1);
  if (last && isIt(last)) return 'topmost';
  return entries.some(isIt) ? 'covered' : 'gone';
}

/** FUSE's types; fuseblk is not among them. */
export function isFuse(entry: MountEntry): boolean {
  return entry.type === 'fuse' || entry.type.startsWith('fuse.');
}

/** `text` was read as latin1, so that bytes survive. */
export function parseMountTable(text: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    // 36 35 98:0 /root /mount/point rw,noatime master:1 … - fuse.ram source rw
    const [before, after] = line.split(' - ', 2);
    const left = before?.split(' ') ?? [];
    const [type, source, options] = after?.split(' ') ?? [];
    const [, , numbers, , directory] = left;
    if (!numbers || !directory || !type || source === undefined) continue;
    const [major, device] = numbers.split(':').map(Number);
    if (major === undefined || device === undefined) continue;
    entries.push({
      directory: unescape(directory),
      type: unescape(type),
      source: unescape(source),
      device,
      major,
      ...ownerOf(options),
    });
  }
  return entries;
}

function ownerOf(options = ''): Pick<MountEntry, 'owner'> {
  const [, uid, gid] = /(?:^|,)user_id=(\d+),group_id=(\d+)(?:,|$)/.exec(options) ?? [];
  if (!uid || !gid || options.split(',').includes('allow_other')) return {};
  return { owner: { uid: Number(uid), gid: Number(gid) } };
}

/** Space, tab, newline and backslash are written as three octal digits. */
function unescape(field: string): string {
  const bytes = field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
