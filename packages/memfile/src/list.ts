import { directoryOf, toAbsolute, toByteString, toMemoryPath, toText } from './byte-string.ts';
import type { ByteString, MemoryPath } from './byte-string.ts';
import type { PathArgument } from '@ram/errno';
import { examineContent, findContents, isContentInUse } from './examine.ts';
import type { FoundMemfile, MemfileState } from './examine.ts';
import { findLinks } from './find-links.ts';
import { defaultDirectory, requireRamDirectory } from './ram-directory.ts';
import { findTraps } from './traps.ts';
import type { Trap } from './traps.ts';

export interface ListOptions {
  /** Where contents lie. Default `/dev/shm`. */
  directory?: PathArgument;
  /**
   * Directories that are searched, with all below them, for links: those that were moved there, and
   * stale ones, of which nothing in memory tells after a restart. Default none.
   */
  search?: readonly PathArgument[];
}

/** A content, or what is left of one. */
export interface ListedMemfile {
  state: MemfileState;
  /** Where the content is, or was. */
  target: MemoryPath;
  /** Where the link is, or was. Null when nobody knows. */
  link: MemoryPath | null;
  sizeBytes: number;
  /** What it takes of the memory; less than `sizeBytes` where there are holes. */
  allocatedBytes: number;
  uid: number;
  /** Null without content. */
  modified: Date | null;
  /** Whether a program has it open. Null when this user can't tell. */
  inUse: boolean | null;
  /** What a killed process left beside the link; gc() clears it away. */
  leftOvers: MemoryPath[];
}

export interface MemfileList {
  directory: MemoryPath;
  totalBytes: number;
  freeBytes: number;
  /** Of all contents that are listed. */
  usedBytes: number;
  traps: Trap[];
  memfiles: ListedMemfile[];
}

/**
 * What lies in memory, with the way back to the links. Changes nothing.
 *
 * @throws `ERR_RAM_MEMFILE_NO_RAM_DIRECTORY`, `ERR_RAM_MEMFILE_NOT_RAM`,
 *   `ERR_RAM_MEMFILE_UNSAFE_DIRECTORY`
 */
export async function list(options: ListOptions = {}): Promise<MemfileList> {
  const { directory, found } = await survey(options);
  const { totalBytes, freeBytes } = requireRamDirectory(directory);
  const contents = findContents(directory).flatMap((content) => {
    const memfile = examineContent(content, found);
    return memfile === undefined ? [] : [toListed(memfile)];
  });
  const stale = staleLinks(found, contents);
  const memfiles = [...contents, ...stale];
  return {
    directory: toMemoryPath(directory),
    totalBytes,
    freeBytes,
    usedBytes: memfiles.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
    traps: findTraps(toText(directory), { totalBytes, freeBytes }),
    memfiles,
  };
}

/** Absolute, without a slash at the end. */
export function toDirectory(directory: PathArgument | undefined): ByteString {
  const path = toAbsolute(toByteString(directory ?? defaultDirectory, 'options.directory'));
  return path.length > 1 && path.endsWith('/') ? path.replace(/(?<=.)\/+$/, '') : path;
}

export interface Survey {
  directory: ByteString;
  found: Map<ByteString, ByteString>;
}

/** Where to look, and the links that a search came upon. */
export async function survey({ directory, search = [] }: ListOptions): Promise<Survey> {
  const at = toDirectory(directory);
  const found = new Map<ByteString, ByteString>();
  for (const place of search) {
    const top = toAbsolute(toByteString(place, 'options.search'));
    for (const [content, link] of await findLinks(top)) {
      if (directoryOf(content) === at) found.set(content, link);
    }
  }
  return { directory: at, found };
}

export function toListed(memfile: FoundMemfile): ListedMemfile {
  const { state, content, facts, link, uid, stageFiles } = memfile;
  const inUse = facts === undefined ? false : isContentInUse(content);
  return {
    state,
    target: toMemoryPath(content),
    link: link === undefined ? null : toMemoryPath(link),
    sizeBytes: facts?.sizeBytes ?? 0,
    allocatedBytes: facts?.allocatedBytes ?? 0,
    uid,
    modified: facts === undefined ? null : new Date(Number(facts.modified / 1_000_000n)),
    inUse: inUse ?? null,
    leftOvers: stageFiles.map(({ path }) => toMemoryPath(path)),
  };
}

/** Links that a search found, whose content and record are gone. */
function staleLinks(
  found: ReadonlyMap<ByteString, ByteString>,
  listed: readonly ListedMemfile[],
): ListedMemfile[] {
  const known = new Set(listed.map(({ target }) => String(target)));
  return [...found]
    .filter(([content]) => !known.has(String(toMemoryPath(content))))
    .filter(([content]) => examineContent(content) === undefined)
    .map(([content, link]) =>
      toListed({
        state: 'stale',
        content,
        link,
        facts: undefined,
        record: undefined,
        uid: process.geteuid?.() ?? 0,
        stageFiles: [],
      }),
    );
}
