import { readFileSync } from 'node:fs';
import type { ByteString } from './byte-string.ts';

// The way back from a content to its link: a symbolic link beside the content, whose target is
//   memfile:1:pid=123.4567,original=4096.1700000000000000000:/home/me/notes
// It is made in one system call, so it is there wholly or not at all, and it points to nothing.
// docs/decisions/memfile-records.md has the reasons.

const version = 1;

/** What a record says. */
export interface ContentRecord {
  /** The link's path, absolute. */
  link: ByteString;
  /** Who made the content: its process, and when that began, in ticks since boot. */
  maker: { pid: number; startTicks: string } | undefined;
  /** Of a file that was moved into memory: as it was on disk. */
  original: { sizeBytes: number; modified: bigint } | undefined;
}

export type ParsedRecord = ContentRecord | 'damaged' | 'newer';

export function writeRecord(link: ByteString, original?: ContentRecord['original']): ByteString {
  const fields = [`pid=${ownIdentity()}`];
  if (original !== undefined) {
    fields.push(`original=${original.sizeBytes}.${original.modified}`);
  }
  return `memfile:${version}:${fields.join(',')}:${link}`;
}

export function parseRecord(text: ByteString): ParsedRecord {
  const [, number, rest] = /^memfile:([1-9]\d{0,8}):(.*)$/s.exec(text) ?? [];
  if (number === undefined || rest === undefined) return 'damaged';
  if (Number(number) > version) return 'newer';
  const [, fields = '', link] = /^([\w=.,-]*):(\/.*)$/s.exec(rest) ?? [];
  if (link === undefined) return 'damaged';
  const record: ContentRecord = { link, maker: undefined, original: undefined };
  for (const field of fields.split(',')) {
    const [, name, first, second] = /^(\w+)=(\d+)\.(-?\d+)$/.exec(field) ?? [];
    if (first === undefined || second === undefined) return 'damaged';
    if (name === 'pid') record.maker = { pid: Number(first), startTicks: second };
    else if (name === 'original') {
      record.original = { sizeBytes: Number(first), modified: BigInt(second) };
    } else return 'damaged';
  }
  return record;
}

/** Whether the process that made the content still runs, as far as this pid namespace can tell. */
export function makerLives({ maker }: ContentRecord): boolean {
  return maker !== undefined && startTicksOf(maker.pid) === maker.startTicks;
}

let identity: string | undefined;

function ownIdentity(): string {
  identity ??= `${process.pid}.${startTicksOf(process.pid) ?? '0'}`;
  return identity;
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold anything but is in parentheses. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
