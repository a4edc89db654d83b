import { readFileSync } from 'node:fs';

/** One line of /proc/self/mountinfo. @see proc(5) */
export interface MountEntry {
  id: number;
  /** `major:minor`; the minor number names a FUSE connection in /sys/fs/fuse/connections. */
  device: string;
  directory: string;
  options: readonly string[];
  /** Such as `ext4`, `fuse.ram`. */
  type: string;
  source: string;
}

/** Never touches a mounted file system, so it can't hang on one whose server is gone. */
export function readMountTable(): MountEntry[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'latin1'));
}

/** @param text As latin1, so that names that aren't UTF-8 don't fail; they are decoded here. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [id, , device, , directory, options] = fields;
    const type = fields[separator + 1];
    const source = fields[separator + 2];
    if (separator < 0 || !id || !device || !directory || !options || !type) return [];
    return [
      {
        id: Number(id),
        device,
        directory: decodeField(directory),
        options: options.split(','),
        type,
        source: decodeField(source ?? ''),
      },
    ];
  });
}

/** What is seen at `directory`: of several mounts on top of each other the last. */
export function mountAt(
  directory: string,
  table: readonly MountEntry[] = readMountTable(),
): MountEntry | undefined {
  return table.findLast((entry) => entry.directory === directory);
}

/** What is mounted below `directory`, the last mount first: that one has none below it. */
export function mountsBelow(
  directory: string,
  table: readonly MountEntry[] = readMountTable(),
): MountEntry[] {
  return table.filter((entry) => entry.directory.startsWith(`${directory}/`)).toReversed();
}

/** Whether the entry is a disk of ours, whoever serves it. */
export function isRamMount(entry: MountEntry): boolean {
  return entry.type === 'fuse.ram';
}

/**
 * The mount of a disk that should be at `directory`: what is seen there, unless that is known to be
 * another one's. Another disk may have got its device number after its end; the mount of a server
 * that has ended is dead, and one that answers is none of its.
 *
 * @param disk Without a device when nobody knows it.
 */
export function mountOf(
  disk: { directory: string; device?: string },
  table: readonly MountEntry[] = readMountTable(),
): MountEntry | undefined {
  const entry = mountAt(disk.directory, table);
  if (entry === undefined || !isRamMount(entry)) return undefined;
  return disk.device === undefined || disk.device === entry.device ? entry : undefined;
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function decodeField(field: string): string {
  const bytes = field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
