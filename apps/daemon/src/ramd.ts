import { parseArgs } from 'node:util';
import { appError, exitCodeOf, toPlainError } from './app-error.ts';
import type { PlainError } from './app-error.ts';
import type { DiskRequest, MountedDisk } from './daemon.ts';
import { mountWayArguments, parseMountWay } from './mount-way.ts';
import { serveDisk } from './serve.ts';
import { version } from './version.ts';

/** What ramd tells the process that started it, over Node's channel between processes. */
export type RamdMessage =
  | { type: 'ready'; disk: MountedDisk }
  | { type: 'failed'; error: PlainError; exitCode: number };

const usage = `Usage: ramd DIRECTORY [--name NAME] [--size SIZE] [--max-files N] [--no-swap]
            [--read-only] [--[no-]allow-other] [--[no-]default-permissions]
            [--suid] [--dev] [--nonempty] [--locks WHOSE] [--io MODE]
            [--transport WAY] [--kernel VERSION] [--page]

Mounts a RAM disk and serves it until it is unmounted or a signal comes. \`ram mount\` starts it.
`;

/** The program `ramd`: serves one disk and ends the process. */
export async function runRamd(args: readonly string[]): Promise<never> {
  const stop = new AbortController();
  // Whoever started this and went away before the disk was ready doesn't want it any more.
  process.on('disconnect', () => stop.abort());
  try {
    const request = parseRamdArguments(args);
    if (request === undefined) process.exit(0);
    const events = {
      ready: (disk: MountedDisk) => {
        process.removeAllListeners('disconnect');
        report({ type: 'ready', disk });
      },
      busy: () => {},
    };
    await serveDisk(request, events, { stop: stop.signal });
    process.exit(0);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    process.exitCode = exitCode;
    await report({ type: 'failed', error: toPlainError(error), exitCode });
    process.exit(exitCode);
  }
}

/** The arguments for a request: what `parseRamdArguments` reads. */
export function ramdArguments(request: DiskRequest): string[] {
  return [
    ...(request.name === undefined ? [] : [`--name=${request.name}`]),
    ...(request.size === undefined ? [] : [`--size=${request.size}`]),
    ...(request.maxFiles === undefined ? [] : [`--max-files=${request.maxFiles}`]),
    ...(request.swap === false ? ['--no-swap'] : []),
    ...(request.readOnly ? ['--read-only'] : []),
    ...mountWayArguments(request),
    ...(request.page ? ['--page'] : []),
    '--',
    request.directory,
  ];
}

/** Undefined after `--help` and `--version`, which are answered. @throws ERR_RAM_USAGE */
export function parseRamdArguments(args: readonly string[]): DiskRequest | undefined {
  const { values, positionals } = parse(args);
  if (values.help || values.version) {
    process.stdout.write(values.help ? usage : `${version}\n`);
    return undefined;
  }
  const [directory, ...rest] = positionals;
  if (directory === undefined || rest.length > 0) {
    throw appError('ERR_RAM_USAGE', 'ramd takes one directory', 'See ramd --help');
  }
  const maxFiles = values['max-files'];
  return {
    directory,
    swap: values['no-swap'] !== true,
    readOnly: values['read-only'] === true,
    ...parseMountWay({
      ...values,
      allowOther: values['no-allow-other'] ? false : values['allow-other'],
      defaultPermissions: values['no-default-permissions'] ? false : values['default-permissions'],
    }),
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(values.size === undefined ? {} : { size: values.size }),
    ...(maxFiles === undefined ? {} : { maxFiles: parseMaxFiles(maxFiles) }),
    ...(values.page === undefined ? {} : { page: values.page }),
  };
}

/** @throws ERR_RAM_USAGE */
export function parseMaxFiles(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 0xffff_fffe) return count;
  const message = `--max-files ${JSON.stringify(text)} is no number of files`;
  throw appError('ERR_RAM_USAGE', message, 'Give a whole number from 1 on, such as 1000000');
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        size: { type: 'string' },
        'max-files': { type: 'string' },
        'no-swap': { type: 'boolean' },
        'read-only': { type: 'boolean' },
        'allow-other': { type: 'boolean' },
        'no-allow-other': { type: 'boolean' },
        'default-permissions': { type: 'boolean' },
        'no-default-permissions': { type: 'boolean' },
        suid: { type: 'boolean' },
        dev: { type: 'boolean' },
        nonempty: { type: 'boolean' },
        locks: { type: 'string' },
        io: { type: 'string' },
        transport: { type: 'string' },
        kernel: { type: 'string' },
        page: { type: 'boolean' },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw appError('ERR_RAM_USAGE', (error as Error).message, 'See ramd --help', error);
  }
}

/** To the starter, or for people when there is none. */
function report(message: RamdMessage): Promise<void> {
  if (process.send === undefined || !process.connected) {
    if (message.type === 'ready') {
      const { status, pageAddress } = message.disk;
      process.stdout.write(`mounted ${status.name} on ${status.directory}\n`);
      if (pageAddress !== undefined) process.stdout.write(`page: ${pageAddress}\n`);
    } else {
      const { message: text, hint } = message.error;
      process.stderr.write(`ramd: ${text}${hint === undefined ? '' : `. ${hint}`}\n`);
    }
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    process.send?.(message, () => {
      if (process.connected) process.disconnect();
      resolve();
    });
  });
}
