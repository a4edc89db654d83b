import { appError, formatBytes, mountsBelow, showPath } from '@ram/daemon';
import type { MountEntry } from '@ram/daemon';
import type { Command } from 'commander';
import { canAsk, confirm } from '../confirm.ts';
import { findDisk } from '../find-disk.ts';
import { countOf } from '../format.ts';
import { createOutput } from '../output.ts';
import { ownRuntime } from '../own-runtime.ts';
import { planUnmount, unmountDisk } from '../unmount-disk.ts';
import type { UnmountPlan } from '../unmount-disk.ts';

interface UmountFlags {
  yes?: boolean;
  force?: boolean;
  json?: boolean;
}

const help = `
What the disk holds is lost. If that is anything, the command asks first; where it can't ask,
without a terminal or with --json, it wants --yes.
The disks of servers that were killed or are frozen are cleared away as well.

Examples:
  $ ram umount /tmp/disk
  $ ram umount build --yes
  $ ram umount build --force     # files are open, or its server hangs
`;

export function addUmount(program: Command): void {
  program
    .command('umount')
    .alias('unmount')
    .summary('unmount a RAM disk; what it holds is lost')
    .description('Unmounts the RAM disk on the directory DIR, or with the name NAME.')
    .argument('<DIR|NAME>', 'where it is mounted, or what it is called')
    .option('-y, --yes', "don't ask")
    .option('--force', 'also while files are open, or when its server hangs')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (nameOrDirectory: string, flags: UmountFlags) => {
      const output = createOutput(flags.json === true);
      const runtime = ownRuntime();
      const plan = await planUnmount(findDisk(runtime, nameOrDirectory));
      const { directory, state } = plan.disk;
      const force = flags.force === true;
      // Without force they keep it.
      const above = force ? mountsBelow(directory) : [];
      if (flags.yes !== true) await askFor(whatIsLost(plan, above), output.json);
      await unmountDisk(plan, runtime, force);
      const places = listOf(above);
      if (places !== '') output.notice(`what was mounted on it is gone as well: ${places}`);
      const result = { name: state?.name ?? null, directory, way: plan.way };
      const shown =
        state === undefined ? showPath(directory) : `${state.name} (${showPath(directory)})`;
      output.result(result, `${shown}: ${outcomes[plan.way]}\n`);
    });
}

const outcomes: Record<UnmountPlan['way'], string> = {
  server: 'unmounted',
  dead: 'cleared away; its server had been killed',
  gone: 'forgotten; its server had been killed, and its mount was gone',
  frozen: 'unmounted; its server was frozen and is ended',
  silent: 'unmounted; its server did not answer and is ended',
  foreign: 'unmounted',
};

/** @throws ERR_RAM_NOT_CONFIRMED */
async function askFor(loss: string | undefined, json: boolean): Promise<void> {
  if (loss === undefined) return;
  if (json || !canAsk()) {
    throw appError('ERR_RAM_NOT_CONFIRMED', loss, 'Unmount it all the same with --yes');
  }
  if (await confirm(`ram: ${loss}. Unmount?`)) return;
  throw appError('ERR_RAM_NOT_CONFIRMED', 'not confirmed; it stays mounted');
}

function whatIsLost(plan: UnmountPlan, above: readonly MountEntry[]): string | undefined {
  const own = ownLoss(plan);
  const places = listOf(above);
  if (places === '') return own;
  if (own !== undefined) return `${own}, and so is what is mounted on it: ${places}`;
  const what = plan.disk.state?.name ?? showPath(plan.disk.directory);
  return `other file systems are mounted on ${what} and go, too: ${places}`;
}

function listOf(mounts: readonly MountEntry[]): string {
  return mounts.map(({ directory }) => showPath(directory)).join(', ');
}

function ownLoss({ disk, content, way }: UnmountPlan): string | undefined {
  const what = disk.state?.name ?? showPath(disk.directory);
  if (way === 'dead' || way === 'gone') return undefined;
  if (content === undefined) return `${what} doesn't tell what it holds; it would be lost`;
  if (content.files === 0) return undefined;
  const { files, usedBytes } = content;
  const lost = files === 1 ? 'it is lost' : 'they are lost';
  return `${what} holds ${countOf(files, 'file')}, ${formatBytes(usedBytes)}; ${lost}`;
}
