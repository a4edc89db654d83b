import { appError, parseMountWay } from '@ram/daemon';
import type { Command } from 'commander';
import type { Row } from '../bench/compare.ts';
import { serveContender } from '../bench/contender-server.ts';
import { javaScript, peer, plainFuse } from '../bench/contenders.ts';
import type { ContenderPlan } from '../bench/contenders.ts';
import { operations } from '../bench/operations.ts';
import { chooseOperations, runMountBench } from '../bench/run-mount-bench.ts';
import type { MountBench } from '../bench/run-mount-bench.ts';
import { createOutput } from '../output.ts';
import { formatTable } from '../table.ts';

const help = `
One program with one thread works on tmpfs, on a Volume mounted by the kernel driver in each io mode
that works here, and on one mounted through fuse-native, where that is installed; in turns, the
median of five rounds. io_uring is passthrough whose requests come over io_uring. Nothing stays: the
mounts are in the temporary directory, and go.

${javaScript} may keep names and attributes for a second, libfuse's default, and not ask each time.
FUSE is what ${plainFuse} takes above ${peer}; JavaScript what ${javaScript} takes above
${plainFuse}.
With --json also the kernel's requests for each operation.

Operations: ${operations.map(({ name }) => name).join(', ')}

Examples:
  $ ram bench mount
  $ ram bench mount open create --json
  $ ram bench mount --kernel 5.15
`;

interface BenchFlags {
  kernel?: string;
  quick?: boolean;
  json?: boolean;
}

export function addBench(program: Command): void {
  const bench = program
    .command('bench')
    .summary('measure what mounts cost on this machine')
    .description('Measures what mounts cost on this machine.');
  bench
    .command('mount')
    .summary('tmpfs, the kernel driver in each mode, and fuse-native side by side')
    .description('Measures file operations on tmpfs and through each kind of mount.')
    .argument('[OPERATION...]', 'only those whose names contain one of these')
    .option('--kernel <VERSION>', 'the kernel driver as on an older kernel: 5.15, 6.1 or 6.18')
    .option('--quick', 'one short round: shows that it runs, not how fast')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (wanted: string[], flags: BenchFlags) => {
      const output = createOutput(flags.json === true);
      if (chooseOperations(wanted).length === 0) {
        const message = `no operation is called ${wanted.join(' or ')}`;
        throw appError('ERR_RAM_USAGE', message, 'See ram bench mount --help');
      }
      const progress = (text: string) => {
        if (process.stderr.isTTY) output.notice(text);
      };
      const { kernel } = parseMountWay({ kernel: flags.kernel });
      const as = kernel === undefined ? {} : { kernel };
      const quick = flags.quick === true;
      const result = await runMountBench({ wanted, quick, progress, ...as });
      output.result(result, render(result));
    });
  bench
    .command('serve', { hidden: true })
    .argument('<PLAN>')
    .action((plan: string) => serveContender(JSON.parse(plan) as ContenderPlan));
}

function render({ contenders, missing, operations: rows }: MountBench): string {
  const titles = [...contenders, 'FUSE', 'JavaScript'];
  const columns = titles.map((title) => ({ title, align: 'right' as const }));
  const lines = rows.map((row) => [row.operation, ...cells(row), ...costCells(row)]);
  const table = formatTable([{ title: 'µs per operation' }, ...columns], lines);
  const notes = missing.map(({ contender, error: { message, hint } }) => {
    const advice = hint === undefined ? '' : `. ${hint}`;
    return `not measured: ${contender}: ${message}${advice}\n`;
  });
  return [table, ...notes].join('');
}

function cells({ results }: Row): string[] {
  return results.map(({ contender, microseconds, timesTmpfs }) =>
    contender === peer
      ? formatTime(microseconds)
      : `${formatTime(microseconds)} (${timesTmpfs.toFixed(1)}x)`,
  );
}

function costCells({ costs }: MountBench['operations'][number]): string[] {
  return [costs.fuse, costs.javaScript].map((cost) => {
    if (cost === null) return '-';
    return `${cost < 0 ? '' : '+'}${formatTime(cost)}`;
  });
}

function formatTime(microseconds: number): string {
  return microseconds.toFixed(Math.abs(microseconds) < 100 ? 1 : 0);
}
