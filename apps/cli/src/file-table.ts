import { formatBytes, showPath } from '@ram/daemon';
import type { CollectedMemfile, GcReport, ListedMemfile, MemfileList } from '@ram/memfile';
import { countOf } from './format.ts';
import { formatTable } from './table.ts';

/** Paths that aren't UTF-8 are shown with replacement characters. */
export function showMemoryPath(path: string | Buffer | null): string {
  return path === null ? '?' : showPath(path.toString());
}

/** What JSON can hold: a Buffer becomes text, with replacement characters where it is none. */
export function toJsonPaths<T extends { link: string | Buffer | null; target: string | Buffer }>(
  memfile: T,
) {
  const { link, target } = memfile;
  return { ...memfile, link: link === null ? null : String(link), target: String(target) };
}

export function renderList({ memfiles, usedBytes, freeBytes, directory }: MemfileList): string {
  const where = showMemoryPath(directory);
  const free = `${formatBytes(freeBytes)} free in ${where}`;
  if (memfiles.length === 0) return `No files in memory, ${free}\n`;
  const columns = [
    { title: 'FILE' },
    { title: 'STATE' },
    { title: 'SIZE', align: 'right' as const },
    { title: 'UID', align: 'right' as const },
    { title: 'IN USE' },
    { title: 'CONTENT' },
  ];
  const table = formatTable(columns, memfiles.map(toRow));
  const total = `${countOf(memfiles.length, 'file')}, ${formatBytes(usedBytes)} used, ${free}`;
  const waste = memfiles.some(({ state }) => state !== 'live' && state !== 'making');
  const advice = waste ? '; what no link leads to is freed by: ram file gc' : '';
  return `${table}\n${total}${advice}\n`;
}

function toRow({ link, state, sizeBytes, uid, inUse, target }: ListedMemfile): string[] {
  const use = inUse === null ? '?' : inUse ? 'yes' : 'no';
  return [
    showMemoryPath(link),
    state,
    formatBytes(sizeBytes),
    String(uid),
    use,
    showMemoryPath(target),
  ];
}

export function renderReport({ memfiles, freedBytes, dryRun }: GcReport): string {
  const would = dryRun ? 'would be ' : '';
  const lines = memfiles.map((memfile) => `${describe(memfile, dryRun)}\n`).join('');
  if (memfiles.length === 0) return 'Nothing to collect\n';
  return `${lines}${formatBytes(freedBytes)} ${would}freed\n`;
}

function describe({ target, link, actions, refusal }: CollectedMemfile, dryRun: boolean): string {
  const name = `${showMemoryPath(target)} (${showMemoryPath(link)})`;
  const done = actions.map((action) => (dryRun ? action.replace(/\w+$/, 'to be $&') : action));
  if (refusal === null) return `${name}: ${done.join(', ')}`;
  return `${name}: ${done.map((text) => `${text}; `).join('')}left alone: ${refusal}`;
}
