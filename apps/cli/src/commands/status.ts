import { appError, formatBytes, resolveMountPoint, showPath } from '@ram/daemon';
import type { DiskStatus } from '@ram/daemon';
import type { Command } from 'commander';
import { countOf, formatDuration } from '../format.ts';
import { listDisks } from '../list-disks.ts';
import type { ListedDisk } from '../list-disks.ts';
import { createOutput } from '../output.ts';
import { ownRuntime } from '../own-runtime.ts';
import { formatTable } from '../table.ts';
import type { Column } from '../table.ts';

const help = `
The state of a disk is one of: mounted, mounting, unmounting; detached when it was taken out of the
tree (umount -l) while files were open; frozen or silent when its server doesn't answer; dead when
it was killed (\`ram umount\` or a new \`ram mount\` clear that away).
PAGE is where the page of a disk is; \`ram page\` prints an address that lets you in.
`;

const columns: readonly Column[] = [
  { title: 'NAME' },
  { title: 'DIRECTORY' },
  { title: 'STATE' },
  { title: 'SIZE', align: 'right' },
  { title: 'USED', align: 'right' },
  { title: 'FILES', align: 'right' },
  { title: 'SWAPPED', align: 'right' },
  { title: 'REQUESTS', align: 'right' },
  { title: 'IO' },
  { title: 'PID', align: 'right' },
  { title: 'SINCE', align: 'right' },
];
const pageColumn: Column = { title: 'PAGE' };

export function addStatus(program: Command): void {
  program
    .command('status')
    .summary('show the RAM disks')
    .description('Shows your RAM disks, or one: where, how large, how full, how busy.')
    .argument('[DIR|NAME]', 'only this one')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (name: string | undefined, flags: { json?: boolean }) => {
      const output = createOutput(flags.json === true);
      const all = await listDisks(ownRuntime());
      const disks = name === undefined ? all : select(all, name);
      if (name !== undefined && disks.length === 0) {
        const hint = 'See the disks there are: ram status';
        throw appError('ERR_RAM_NOT_A_DISK', `there is no RAM disk ${showPath(name)}`, hint);
      }
      output.result({ disks, total: totalOf(disks) }, render(disks));
    });
}

/** By name, or else by directory. */
function select(disks: readonly ListedDisk[], text: string): ListedDisk[] {
  const named = disks.filter(({ name }) => name === text);
  if (named.length > 0) return named;
  const path = resolveMountPoint(text);
  return disks.filter(({ directory }) => directory === path);
}

function render(disks: readonly ListedDisk[]): string {
  if (disks.length === 0) return 'No RAM disks. Mount one: ram mount DIR\n';
  const table = renderTable(disks);
  if (disks.length === 1) return table;
  const { maxBytes, usedBytes, files } = totalOf(disks);
  const used = `${formatBytes(usedBytes)} of ${formatBytes(maxBytes)}`;
  return `${table}\n${disks.length} disks, ${used} used, ${countOf(files, 'file')}\n`;
}

/** Pages have a column when there are any. */
function renderTable(disks: readonly ListedDisk[]): string {
  if (disks.every(({ details }) => !details?.page)) return formatTable(columns, disks.map(toRow));
  const rows = disks.map((disk) => [...toRow(disk), disk.details?.page ?? '-']);
  return formatTable([...columns, pageColumn], rows);
}

function toRow({ name, directory, state, maxBytes, pid, since, details }: ListedDisk): string[] {
  return [
    name,
    showPath(directory),
    state,
    formatBytes(maxBytes),
    details === null ? '-' : formatBytes(details.usedBytes),
    details === null ? '-' : String(details.files),
    details === null ? '-' : details.swap ? formatBytes(details.swappedBytes) : 'never',
    details === null ? '-' : String(details.requestCount),
    details === null ? '-' : showIo(details),
    String(pid),
    formatDuration(Date.now() - Date.parse(since)),
  ];
}

/** The mode in force, marked where it isn't what was asked for, and the transport. */
function showIo({ io, transport }: Pick<DiskStatus, 'io' | 'transport'>): string {
  const mode = io.reason === undefined ? io.mode : `${io.mode} (${io.reason})`;
  return transport === 'device' ? mode : `${mode}, ${transport}`;
}

function totalOf(disks: readonly ListedDisk[]) {
  const sum = (of: (disk: ListedDisk) => number): number =>
    disks.reduce((total, disk) => total + of(disk), 0);
  return {
    disks: disks.length,
    maxBytes: sum(({ maxBytes }) => maxBytes),
    usedBytes: sum(({ details }) => details?.usedBytes ?? 0),
    files: sum(({ details }) => details?.files ?? 0),
  };
}
