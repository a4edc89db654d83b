import { appError, requestPage, showPath } from '@ram/daemon';
import type { DiskState } from '@ram/daemon';
import type { Command } from 'commander';
import { findDisk } from '../find-disk.ts';
import { listDisks } from '../list-disks.ts';
import { createOutput } from '../output.ts';
import { ownRuntime } from '../own-runtime.ts';

const help = `
The page shows the disk's files, what happens there, and the newest image that a program closed. It
is served by the disk's own server, on 127.0.0.1 only. The address lets one browser in, once: keep
it to yourself until then. A disk that was mounted without --page gets its page now.

Examples:
  $ ram page
  $ ram page /tmp/frames
`;

const answerLimitMs = 10_000;

export function addPage(program: Command): void {
  program
    .command('page')
    .summary('print a new address of the page of a RAM disk')
    .description('Prints a new one-time address of the page of a RAM disk.')
    .argument('[DIR|NAME]', 'which disk, when there are several')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (nameOrDirectory: string | undefined, flags: { json?: boolean }) => {
      const output = createOutput(flags.json === true);
      const runtime = ownRuntime();
      const text = nameOrDirectory ?? (await onlyDisk(runtime));
      const { name, socket } = serverOf(findDisk(runtime, text).state, text);
      const { address } = await requestPage(socket, { name }, answerLimitMs);
      output.result({ name, page: { address } }, `${address}\n`);
    });
}

/** @throws ERR_RAM_NOT_A_DISK, ERR_RAM_USAGE */
async function onlyDisk(runtime: string): Promise<string> {
  const disks = await listDisks(runtime);
  const [disk] = disks;
  if (disk === undefined) {
    throw appError('ERR_RAM_NOT_A_DISK', 'there is no RAM disk', 'Mount one: ram mount DIR --page');
  }
  if (disks.length === 1) return disk.name;
  const names = disks.map(({ name }) => name).join(', ');
  throw appError('ERR_RAM_USAGE', `there are several disks: ${names}`, 'Say which: ram page NAME');
}

function serverOf(state: DiskState | undefined, text: string): DiskState {
  if (state !== undefined) return state;
  throw appError(
    'ERR_RAM_NOT_A_DISK',
    `${showPath(text)} was mounted by another program, which has no page`,
    'See the disks there are: ram status',
  );
}
