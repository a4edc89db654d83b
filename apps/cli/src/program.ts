import { version } from '@ram/daemon';
import { Command } from 'commander';
import { addBench } from './commands/bench.ts';
import { addDoctor } from './commands/doctor.ts';
import { addFile } from './commands/file.ts';
import { addMount } from './commands/mount.ts';
import { addPage } from './commands/page.ts';
import { addRing } from './commands/ring.ts';
import { addStatus } from './commands/status.ts';
import { addUmount } from './commands/umount.ts';

const help = `
Examples:
  $ mkdir -p /tmp/disk && ram mount /tmp/disk --size 2G
  $ ram status
  $ ram page /tmp/disk             # see it in a browser
  $ ram umount /tmp/disk

Exit codes:
  0  done                           4  in use, or something is in the way
  1  failed                         5  not permitted, or the machine lacks something
  2  wrong arguments                6  not confirmed
  3  no such disk or directory
`;

const commands = [addMount, addUmount, addStatus, addPage, addRing, addFile, addDoctor, addBench];

/** Fresh for each run: commander keeps what it has parsed. */
export function buildProgram(): Command {
  const program = new Command('ram')
    .description('RAM disks for every program on this machine. Their files are in memory only.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this, or with a command its options')
    .helpCommand('help [command]', 'show the options of a command')
    .addHelpText('after', help)
    .showSuggestionAfterError(true)
    .exitOverride()
    // Errors are written once, by runRam.
    .configureOutput({ outputError: () => {} });
  for (const add of commands) add(program);
  shortenHelpOption(program);
  return program;
}

/** A command without others below it has no options but its own to show. */
function shortenHelpOption(command: Command): void {
  for (const one of command.commands) {
    if (one.commands.length === 0) one.helpOption('-h, --help', 'show this');
    shortenHelpOption(one);
  }
}
