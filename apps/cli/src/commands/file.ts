import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { appError, exitCodeOf, formatBytes, showPath, toPlainError } from '@ram/daemon';
import { gc, list, memorize, memoryOpen, persist, remove } from '@ram/memfile';
import type { GcOptions, ListOptions } from '@ram/memfile';
import type { Command } from 'commander';
import { canAsk, confirm } from '../confirm.ts';
import { explainFileError } from '../file-error.ts';
import type { FileCommand } from '../file-error.ts';
import { renderList, renderReport, showMemoryPath, toJsonPaths } from '../file-table.ts';
import { createOutput } from '../output.ts';
import type { Output } from '../output.ts';

interface Flags {
  json?: boolean;
  directory?: string;
  search?: string[];
  mode?: string;
  dryRun?: boolean;
  unrecorded?: boolean;
  yes?: boolean;
  force?: boolean;
  to?: string;
}

const help = `
The path of such a file is a symbolic link, its content lies in /dev/shm: every program that follows
the link works in memory. After a restart the content is gone, and the link is stale. Programs that
save by renaming a new file (sed -i, many editors) leave a file on disk in the place of the link.

Examples:
  $ curl -s https://example.org | ram file put page.html
  $ ram file get page.html | wc
  $ ram file ls
  $ ram file persist page.html      # a file on disk from now on
  $ ram file gc                     # frees contents whose link was removed by rm
`;

export function addFile(program: Command): void {
  const file = program
    .command('file')
    .summary('files whose content is in memory, behind a path on disk')
    .description('Files whose content is in memory, behind a symbolic link.')
    .addHelpText('after', help);
  addList(file);
  addPut(file);
  addGet(file);
  addRemove(file);
  addCollect(file);
  addMoves(file);
}

function addList(file: Command): void {
  withPlaces(file.command('ls').description('Shows them: state, size, owner, whether in use.'))
    .option('--json', 'print JSON')
    .action((flags: Flags) =>
      explained('ls', async () => {
        const found = await list(placesOf(flags));
        const output = createOutput(flags.json === true);
        for (const { message } of found.traps) output.notice(message);
        output.result({ ...found, memfiles: found.memfiles.map(toJsonPaths) }, renderList(found));
      }),
    );
}

function addPut(file: Command): void {
  file
    .command('put')
    .description('Writes a file, or standard input, into memory, and the link at PATH.')
    .argument('<PATH>', 'a new path, or one that was put before')
    .argument('[SOURCE]', 'what to write; default: standard input')
    .option('--directory <DIR>', 'where the content lies', '/dev/shm')
    .option('--mode <OCTAL>', 'permissions of a new content', '600')
    .option('--json', 'print JSON')
    .action((path: string, source: string | undefined, flags: Flags) =>
      explained('put', async () => {
        const { mode = '600', directory = '/dev/shm' } = flags;
        if (!/^[0-7]{1,4}$/.test(mode)) {
          throw appError('ERR_RAM_USAGE', `--mode takes an octal number, as 644; not ${mode}`);
        }
        // Opened first: a missing source makes nothing.
        const input = source === undefined ? process.stdin : await openSource(source);
        const opened = await memoryOpen(path, 'w', { mode, directory });
        const { target } = opened;
        const output = opened.createWriteStream();
        await pipeline(input, output);
        const bytes = output.bytesWritten;
        const text = `${showPath(path)}: ${formatBytes(bytes)} in ${showMemoryPath(target)}\n`;
        createOutput(flags.json === true).result({ path, target: String(target), bytes }, text);
      }),
    );
}

function addGet(file: Command): void {
  file
    .command('get')
    .description('Writes the content to standard output, or to a new file.')
    .argument('<PATH>', 'of a file that is in memory')
    .argument('[TARGET]', 'a file that is not there yet')
    .option('--json', 'print JSON: the content in base64, or where it was written')
    .action((path: string, target: string | undefined, flags: Flags) =>
      explained('get', async () => {
        await using opened = await memoryOpen(path, 'r');
        const output = createOutput(flags.json === true);
        if (target !== undefined) {
          const sink = createWriteStream(target, { flags: 'wx' });
          await pipeline(opened.createReadStream({ autoClose: false }), sink);
          const bytes = sink.bytesWritten;
          output.result(
            { path, to: target, bytes },
            `${showPath(target)}: ${formatBytes(bytes)}\n`,
          );
        } else if (output.json) {
          const content = await opened.readFile();
          output.result({ path, bytes: content.length, data: content.toString('base64') }, '');
        } else {
          const source = opened.createReadStream({ autoClose: false });
          await pipeline(source, process.stdout, { end: false });
        }
      }),
    );
}

function addRemove(file: Command): void {
  file
    .command('rm')
    .description('Removes links with their contents; also links whose content is gone.')
    .argument('<PATH...>', 'of files that are in memory')
    .option('--json', 'print JSON')
    .action((paths: string[], flags: Flags) =>
      forEach('rm', paths, createOutput(flags.json === true), {
        name: 'removed',
        act: async (path) => {
          await remove(path);
          return path;
        },
        show: (path) => `${showPath(path)}: removed\n`,
      }),
    );
}

function addCollect(file: Command): void {
  const command = file
    .command('gc')
    .description('Frees contents whose link is gone, and removes links whose content is gone.');
  withPlaces(command)
    .option('--unrecorded', 'also contents of which nobody knows the link')
    .option('-n, --dry-run', 'only say what would be done')
    .option('-y, --yes', "don't ask")
    .option('--json', 'print JSON')
    .action((flags: Flags) =>
      explained('gc', async () => {
        const output = createOutput(flags.json === true);
        const options: GcOptions = { ...placesOf(flags), unrecorded: flags.unrecorded === true };
        const dryRun = flags.dryRun === true;
        if (!dryRun && flags.yes !== true) await askFor(options, output.json);
        const report = await gc({ ...options, dryRun });
        const shown = { ...report, memfiles: report.memfiles.map(toJsonPaths) };
        output.result(shown, renderReport(report));
      }),
    );
}

/** @throws ERR_RAM_NOT_CONFIRMED */
async function askFor(options: GcOptions, json: boolean): Promise<void> {
  const plan = await gc({ ...options, dryRun: true });
  const lost = plan.memfiles.filter(({ actions }) => actions.includes('freed'));
  if (lost.length === 0) return;
  const loss = `${lost.length} contents (${formatBytes(plan.freedBytes)}) are lost`;
  if (json || !canAsk()) {
    const hint = 'See them with --dry-run; free them all the same with --yes';
    throw appError('ERR_RAM_NOT_CONFIRMED', loss, hint);
  }
  process.stderr.write(renderReport(plan));
  if (await confirm(`ram: ${loss}. Free them?`)) return;
  throw appError('ERR_RAM_NOT_CONFIRMED', 'not confirmed; they stay');
}

function addMoves(file: Command): void {
  file
    .command('persist')
    .description('Moves the content to disk: the link becomes a file.')
    .argument('<PATH>', 'of a file that is in memory')
    .option('--to <FILE>', 'there, where nothing is yet, and the link goes')
    .option('--force', 'also while a program has it open, whose writes are then lost')
    .option('--json', 'print JSON')
    .action((path: string, { to, force = false, json }: Flags) =>
      explained('persist', async () => {
        await persist(path, to === undefined ? { force } : { to, force });
        const text = `${showPath(to ?? path)}: on disk\n`;
        createOutput(json === true).result({ path, to: to ?? path }, text);
      }),
    );
  file
    .command('memorize')
    .description('Moves files from disk into memory, and leaves links.')
    .argument('<FILE...>', 'regular files')
    .option('--directory <DIR>', 'where the contents lie', '/dev/shm')
    .option('--json', 'print JSON')
    .action((paths: string[], { directory = '/dev/shm', json }: Flags) =>
      forEach('memorize', paths, createOutput(json === true), {
        name: 'memorized',
        act: async (path) => {
          const { target } = await memorize(path, { directory });
          return { path, target: String(target) };
        },
        show: ({ path, target }) => `${showPath(path)}: in ${showPath(target)}\n`,
      }),
    );
}

function withPlaces(command: Command): Command {
  return command
    .option('--directory <DIR>', 'where contents lie', '/dev/shm')
    .option('--search <DIR...>', 'also look for links in these directories and below');
}

function placesOf({ directory = '/dev/shm', search = [] }: Flags): ListOptions {
  return { directory, search };
}

async function openSource(path: string) {
  if (statSync(path).isDirectory()) {
    throw appError('ERR_RAM_NAME_TAKEN', `${showPath(path)} is a directory`);
  }
  const source = createReadStream(path);
  await new Promise((resolve, reject) => source.once('open', resolve).once('error', reject));
  return source;
}

async function explained(command: FileCommand, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw explainFileError(error, command);
  }
}

/**
 * Does it for each path, also when some fail: these are told on standard error, and with --json as
 * `failed`; `error` is the first of them, which gives the exit code.
 */
async function forEach<T>(
  command: FileCommand,
  paths: readonly string[],
  output: Output,
  { act, name, show }: { act(path: string): Promise<T>; name: string; show(done: T): string },
): Promise<void> {
  const done: T[] = [];
  const failed: { path: string; error: unknown }[] = [];
  for (const path of paths) {
    try {
      done.push(await act(path));
    } catch (error) {
      failed.push({ path, error: explainFileError(error, command) });
    }
  }
  const plain = failed.map(({ path, error }) => ({ path, ...toPlainError(error) }));
  const [first] = failed;
  const trouble = first === undefined ? {} : { failed: plain, error: toPlainError(first.error) };
  output.result({ [name]: done, ...trouble }, done.map(show).join(''));
  if (first === undefined) return;
  if (!output.json) for (const { error } of failed) output.failure(error);
  process.exitCode = exitCodeOf(first.error);
}
