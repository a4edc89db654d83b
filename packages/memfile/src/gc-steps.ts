// Collecting: what is done about a content that was found. Everything is looked at again right
// before it is changed, while nobody has the content open.
import { closeSync, constants, openSync } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { toFsPath } from './byte-string.ts';
import { exchange, unlink, unlinkQuietly } from './calls.ts';
import { recordOf, stagePath } from './content-name.ts';
import { isErrno } from './errors.ts';
import { examineContent } from './examine.ts';
import type { FoundLinks, FoundMemfile, StageFile } from './examine.ts';
import { isRegular, lookAtName } from './facts.ts';
import { isInUse } from './in-use.ts';
import { linksTo } from './path-state.ts';
import { removeContent, removeSteps } from './remove-steps.ts';
import { perform } from './steps.ts';
import type { Steps } from './steps.ts';

const { O_RDONLY, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

export interface GcRequest {
  /** Also contents without a record, of which nobody knows where their links are. */
  unrecorded: boolean;
  dryRun: boolean;
  found: FoundLinks;
}

export type GcAction =
  /** An orphan: its memory is free. */
  | 'freed'
  /** A link without content. */
  | 'link removed'
  /** A record without content and link. */
  | 'record removed'
  /** What a killed process left beside the link. */
  | 'left-over removed'
  /** A file that was on its way into memory, and was changed meanwhile, is a file again. */
  | 'file restored';

/** Why nothing was done. */
export type GcRefusal = 'in use' | 'conflict' | 'not yours';

export interface GcResult {
  memfile: FoundMemfile;
  actions: GcAction[];
  refusal: GcRefusal | undefined;
  freedBytes: number;
}

/** Undefined: nothing to do. */
export function* gcSteps(
  content: ByteString,
  { unrecorded, dryRun, found }: GcRequest,
): Steps<GcResult | undefined> {
  const first = yield* examine(content, found);
  if (first === undefined || !isCandidate(first, unrecorded)) return undefined;
  const result: GcResult = { memfile: first, actions: [], refusal: undefined, freedBytes: 0 };
  if (first.uid !== process.geteuid?.()) return { ...result, refusal: 'not yours' };
  const lock = openQuietly(content, first);
  try {
    if (lock === null || (yield* checkInUse(lock))) return { ...result, refusal: 'in use' };
    // Again, now that nobody is at work on it.
    const memfile = yield* examine(content, found);
    if (memfile === undefined || !isCandidate(memfile, unrecorded)) return undefined;
    result.memfile = memfile;
    for (const file of memfile.stageFiles) {
      if (!(yield* healStage(file, memfile, dryRun, result))) {
        return { ...result, refusal: 'conflict' };
      }
    }
    const after = dryRun ? memfile : yield* examine(content, found);
    if (after !== undefined) yield* collect(after, unrecorded, dryRun, result);
    return result;
  } finally {
    if (typeof lock === 'number') closeSync(lock);
  }
}

const examine = (content: ByteString, found: FoundLinks): Steps<FoundMemfile | undefined> =>
  perform({ name: 'examine', now: () => examineContent(content, found) });

const checkInUse = (lock: number | undefined): Steps<boolean> =>
  perform({ name: 'check use', now: () => lock !== undefined && isInUse(lock) });

function isCandidate({ state, stageFiles }: FoundMemfile, unrecorded: boolean): boolean {
  if (state === 'orphaned' || state === 'stale' || state === 'leftover') return true;
  if (state === 'live') return stageFiles.length > 0;
  return state === 'unrecorded' && unrecorded;
}

function* collect(
  { state, content, link, facts }: FoundMemfile,
  unrecorded: boolean,
  dryRun: boolean,
  result: GcResult,
): Steps<void> {
  if (state === 'orphaned' || (state === 'unrecorded' && unrecorded)) {
    result.actions.push('freed');
    result.freedBytes = facts?.allocatedBytes ?? 0;
    if (!dryRun) yield* removeContent(content);
  } else if (state === 'stale' && link !== undefined) {
    result.actions.push('link removed');
    if (!dryRun) yield* removeSteps(link, content);
  } else if (state === 'leftover') {
    result.actions.push('record removed');
    if (!dryRun) yield* unlinkQuietly(recordOf(content));
  }
}

/** False: a file on disk and its content in memory were both changed; both are kept. */
function* healStage(
  file: StageFile,
  memfile: FoundMemfile,
  dryRun: boolean,
  result: GcResult,
): Steps<boolean> {
  const { content, record, facts } = memfile;
  const { path, stage } = file;
  if (linksTo(path, content) || (stage === 'out' && isRegular(file.facts))) {
    result.actions.push('left-over removed');
    if (!dryRun) yield* unlinkLeftOver(path);
    return true;
  }
  if (stage !== 'in' || !isRegular(file.facts)) return false;
  const link = record?.link ?? '';
  const { original } = record ?? {};
  const untouched =
    original !== undefined &&
    file.facts.modified === original.modified &&
    file.facts.sizeBytes === original.sizeBytes;
  if (untouched && facts !== undefined && linksTo(link, content)) {
    result.actions.push('left-over removed');
    if (!dryRun) yield* unlinkLeftOver(path);
    return true;
  }
  const copyIsOld = facts === undefined || facts.modified === original?.modified;
  if (!copyIsOld || !linksTo(link, content)) return false;
  result.actions.push('file restored');
  if (dryRun) return true;
  yield* exchange(link, path);
  yield* unlinkLeftOver(path);
  return true;
}

function* unlinkLeftOver(path: ByteString): Steps<void> {
  try {
    yield* unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Undefined: nothing is there; null: its mode forbids to open it. */
function openQuietly(content: ByteString, { facts }: FoundMemfile): number | undefined | null {
  if (facts === undefined) return undefined;
  for (const access of [O_RDONLY, O_WRONLY]) {
    try {
      return openSync(toFsPath(content), access | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
    }
  }
  return null;
}

/** For a link whose content and record are gone, as after a restart of the machine. */
export function* gcLinkSteps(
  link: ByteString,
  content: ByteString,
  dryRun: boolean,
): Steps<GcAction | undefined> {
  if (!linksTo(link, content) || lookAtName(content) !== undefined) return undefined;
  const stage = stagePath(link, content, 'in');
  const original = lookAtName(stage);
  if (original === undefined || !isRegular(original)) {
    if (!dryRun) yield* removeSteps(link, content);
    return 'link removed';
  }
  if (!dryRun) {
    yield* exchange(link, stage);
    yield* unlinkLeftOver(stage);
  }
  return 'file restored';
}
