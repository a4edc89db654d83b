// What lies in memory, and where its links are: each content with its record looked at.
import { closeSync, constants, openSync, readdirSync, readlinkSync } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { directoryOf, join, toFsPath } from './byte-string.ts';
import { contentOfRecord, idOf, stagePath, stages } from './content-name.ts';
import type { Stage } from './content-name.ts';
import { isRegular, lookAtName } from './facts.ts';
import type { LinkFacts } from './facts.ts';
import { isInUse } from './in-use.ts';
import { linksTo, lookAtRecord } from './path-state.ts';
import { makerLives } from './record.ts';
import type { ContentRecord } from './record.ts';

/** See the README's table. */
export type MemfileState =
  | 'live'
  | 'stale'
  | 'orphaned'
  | 'unrecorded'
  | 'unreachable'
  | 'making'
  | 'leftover'
  | 'damaged'
  | 'newer';

const youngNanoseconds = 60_000_000_000n;

/** A file that a killed process left beside the link. */
export interface StageFile {
  stage: Stage;
  path: ByteString;
  facts: LinkFacts;
}

export interface FoundMemfile {
  state: MemfileState;
  content: ByteString;
  facts: LinkFacts | undefined;
  record: ContentRecord | undefined;
  uid: number;
  /** Where the link is, or was. */
  link: ByteString | undefined;
  stageFiles: StageFile[];
}

/** Links to contents that a search came upon: from content to link. */
export type FoundLinks = ReadonlyMap<ByteString, ByteString>;

/** Every content and every record in the directory, whoever owns it. */
export function findContents(directory: ByteString): ByteString[] {
  const names = readdirSync(toFsPath(directory), 'latin1');
  const contents = new Set<ByteString>();
  for (const name of names) {
    const content = idOf(name) === undefined ? contentOfRecord(name) : name;
    if (content !== undefined) contents.add(join(directory, content));
  }
  return [...contents].toSorted();
}

/** Undefined: gone meanwhile, or something that only looks like a content. */
export function examineContent(
  content: ByteString,
  found: FoundLinks = new Map(),
): FoundMemfile | undefined {
  const facts = lookAtName(content);
  const record = lookAtRecord(content);
  if (facts === undefined && record === undefined) return undefined;
  if (facts !== undefined && !isRegular(facts)) return undefined;
  const uid = facts?.uid ?? record?.uid ?? 0;
  const base = { content, facts, uid, record: undefined, stageFiles: [] };
  const link = found.get(content);
  if (link !== undefined && record === undefined) return { ...base, state: 'live', link };
  // Whoever may write into the directory may make a record: only the owner's counts.
  if (record === undefined || (record.uid !== uid && record.uid !== 0)) {
    return { ...base, state: 'unrecorded', link: undefined };
  }
  if (typeof record.parsed === 'string') return { ...base, state: record.parsed, link: undefined };
  return examineRecorded(base, record.parsed, link, isYoung(record.changed));
}

function examineRecorded(
  base: Pick<FoundMemfile, 'content' | 'facts' | 'uid'>,
  record: ContentRecord,
  found: ByteString | undefined,
  young: boolean,
): FoundMemfile {
  const { content, facts } = base;
  const stageFiles = findStageFiles(record.link, content);
  const place = found ?? findLink(record.link, content);
  const link = typeof place === 'string' ? place : record.link;
  return { ...base, record, link, stageFiles, state: decide(record, facts, place, young) };
}

function decide(
  record: ContentRecord,
  facts: LinkFacts | undefined,
  place: ByteString | Absence,
  young: boolean,
): MemfileState {
  if (place === unreachable) return 'unreachable';
  if (typeof place === 'string') return facts === undefined ? 'stale' : 'live';
  if (facts !== undefined) return 'orphaned';
  return young && makerLives(record) ? 'making' : 'leftover';
}

/** A content follows its record at once, unless its maker was stopped between the two calls. */
function isYoung(changed: bigint): boolean {
  return BigInt(Date.now()) * 1_000_000n - changed < youngNanoseconds;
}

type Absence = typeof gone | typeof unreachable;
const gone = Symbol('gone');
const unreachable = Symbol('unreachable');

/** Where the record says, or elsewhere in the same directory: links are renamed. */
function findLink(recorded: ByteString, content: ByteString): ByteString | Absence {
  try {
    if (linksTo(recorded, content)) return recorded;
    return findSibling(directoryOf(recorded), content) ?? gone;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? gone : unreachable;
  }
}

function findSibling(directory: ByteString, content: ByteString): ByteString | undefined {
  const entries = readdirSync(toFsPath(directory), {
    encoding: 'latin1' as 'utf8',
    withFileTypes: true,
  });
  const id = idOf(content);
  const found = entries.find(
    (entry) =>
      entry.isSymbolicLink() &&
      !entry.name.startsWith(`.memfile-${id}.`) &&
      targetOf(join(directory, entry.name)) === content,
  );
  return found === undefined ? undefined : join(directory, found.name);
}

function targetOf(path: ByteString): ByteString | undefined {
  try {
    return readlinkSync(toFsPath(path), 'latin1');
  } catch {
    return undefined;
  }
}

function findStageFiles(link: ByteString, content: ByteString): StageFile[] {
  return stages.flatMap((stage) => {
    const path = stagePath(link, content, stage);
    try {
      const facts = lookAtName(path);
      return facts === undefined ? [] : [{ stage, path, facts }];
    } catch {
      return [];
    }
  });
}

/** Whether a program has it open. Undefined when this user can't tell. */
export function isContentInUse(content: ByteString): boolean | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(toFsPath(content), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    return isInUse(fd);
  } finally {
    closeSync(fd);
  }
}
