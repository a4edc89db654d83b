import { findPlaces, readMemory } from '@ram/daemon';
import type { Command } from 'commander';
import type { Check, CheckStatus } from '../doctor/check.ts';
import { examine } from '../doctor/examine.ts';
import type { Examination } from '../doctor/examine.ts';
import { thisMachine } from '../doctor/machine.ts';
import { createOutput } from '../output.ts';
import type { Colors } from '../output.ts';

const help = `
The exit code is 0 when a disk can be mounted, else 1.
`;

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('show what this machine offers, and how to get what is missing')
    .description(
      'Shows what this machine offers for RAM disks, how to get what is missing, and where ' +
        'sockets, state and logs are.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (flags: { json?: boolean }) => {
      const output = createOutput(flags.json === true);
      const examination = examine(await thisMachine(), readMemory(), findPlaces());
      output.result(examination, render(examination, output.colors));
      process.exitCode = examination.canMount ? 0 : 1;
    });
}

function render({ checks, canMount, places, versions }: Examination, colors: Colors): string {
  const width = Math.max(...checks.map(({ title }) => title.length));
  const lines = checks.flatMap((check) => renderCheck(check, width, colors));
  const verdict = canMount
    ? colors.green('Disks can be mounted here.')
    : colors.red('No disk can be mounted here: see what is missing above.');
  return [
    `ram ${versions.ram}, Node ${versions.node}`,
    ...lines,
    `Log: ${places.log}`,
    verdict,
    '',
  ].join('\n');
}

function renderCheck({ status, title, found, hint }: Check, width: number, colors: Colors) {
  const marks: Record<CheckStatus, string> = {
    ok: colors.green('ok     '),
    warning: colors.yellow('warning'),
    missing: colors.red('missing'),
  };
  const line = `${marks[status]}  ${title.padEnd(width)}  ${found}`;
  return hint === null ? [line] : [line, `         ${' '.repeat(width)}  ${colors.dim(hint)}`];
}
