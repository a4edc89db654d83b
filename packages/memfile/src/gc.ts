import type { ByteString, MemoryPath } from './byte-string.ts';
import { toMemoryPath } from './byte-string.ts';
import { examineContent, findContents } from './examine.ts';
import { gcLinkSteps, gcSteps } from './gc-steps.ts';
import type { GcAction, GcRefusal } from './gc-steps.ts';
import { survey, toListed } from './list.ts';
import type { ListOptions, ListedMemfile } from './list.ts';
import { requireRamDirectory } from './ram-directory.ts';
import { runAsync } from './steps.ts';

export interface GcOptions extends ListOptions {
  /** Only says what would be done. Default false. */
  dryRun?: boolean;
  /**
   * Also frees contents that have no record, so that nobody knows whether a link leads to them.
   * Default false.
   */
  unrecorded?: boolean;
}

export interface CollectedMemfile extends ListedMemfile {
  /** What was done, or would be. Empty when it was left alone. */
  actions: GcAction[];
  /** Why it was left alone. */
  refusal: GcRefusal | null;
}

export interface GcReport {
  directory: MemoryPath;
  dryRun: boolean;
  freedBytes: number;
  /** Those for which there was something to do. */
  memfiles: CollectedMemfile[];
}

/**
 * Frees contents of this user whose link is gone, removes stale links, and finishes or takes back
 * what killed processes left half-done. What a program has open is left alone, and so is everything
 * of other users, what can't be told, and what it can't read.
 *
 * A link counts as gone when it is neither where it was recorded nor in the same directory: say
 * with `search` where links may have been moved to.
 *
 * @throws as `list`
 */
export async function gc(options: GcOptions = {}): Promise<GcReport> {
  const { dryRun = false, unrecorded = false } = options;
  const { directory, found } = await survey(options);
  requireRamDirectory(directory);
  const report: GcReport = {
    directory: toMemoryPath(directory),
    dryRun,
    freedBytes: 0,
    memfiles: [],
  };
  for (const content of findContents(directory)) {
    const result = await runAsync(gcSteps(content, { dryRun, unrecorded, found }));
    if (result === undefined) continue;
    const { memfile, actions, refusal, freedBytes } = result;
    report.freedBytes += freedBytes;
    const inUse = refusal === 'in use';
    report.memfiles.push({ ...toListed(memfile), inUse, actions, refusal: refusal ?? null });
  }
  for (const [content, link] of found) await collectLink(content, link, dryRun, report);
  return report;
}

async function collectLink(
  content: ByteString,
  link: ByteString,
  dryRun: boolean,
  report: GcReport,
): Promise<void> {
  if (examineContent(content) !== undefined) return;
  const action = await runAsync(gcLinkSteps(link, content, dryRun));
  if (action === undefined) return;
  const memfile = {
    state: 'stale' as const,
    content,
    link,
    facts: undefined,
    record: undefined,
    uid: process.geteuid?.() ?? 0,
    stageFiles: [],
  };
  report.memfiles.push({ ...toListed(memfile), actions: [action], refusal: null });
}
