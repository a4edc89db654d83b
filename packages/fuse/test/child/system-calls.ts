// Counts the system calls that a server makes besides taking requests and answering them, by what
// a client does. Arguments: directory, the server's process id. Prints one object as JSON.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

const [directory = '', server = ''] = process.argv.slice(2);
const files = 100;
const small = Buffer.alloc(4096, 1);
const large = Buffer.alloc(200_000, 1);
const path = (kind: string, i: number) => `${directory}/${kind}-${i}`;

type Work = (kind: string, i: number) => void;

const make =
  (flags: string, bytes?: Buffer): Work =>
  (kind, i) => {
    const fd = fs.openSync(path(kind, i), flags);
    if (bytes !== undefined) fs.writeSync(fd, bytes);
    fs.closeSync(fd);
  };
const read: Work = (kind, i) => void fs.readFileSync(path(kind, i));
const rename: Work = (kind, i) => fs.renameSync(path(kind, i), path(`${kind}-renamed`, i));
const unlink: Work = (kind, i) => fs.unlinkSync(path(kind, i));

// strace's -c, each thread attached before the work begins.
async function during(work: () => void): Promise<Record<string, number>> {
  const args = ['-f', '-c', '-U', 'calls,name', '-p', server];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  const threads = () => fs.readdirSync(`/proc/${server}/task`);
  const traced = (thread: string) =>
    !/^TracerPid:\t0$/m.test(fs.readFileSync(`/proc/${server}/task/${thread}/status`, 'utf8'));
  strace.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  while (!threads().every(traced)) await after(10);
  work();
  strace.kill('SIGINT');
  await once(strace, 'close');
  return Object.fromEntries(
    [...output.matchAll(/^ *(\d+) (\w+)$/gm)].map(([, calls, name = '']) => [name, Number(calls)]),
  );
}

// What is done for each file, in a round number: those at the beginning and at the end are few.
async function count(work: Work, kind: string): Promise<Record<string, number>> {
  const all = await during(() => {
    for (let i = 0; i < files; i++) work(kind, i);
  });
  const asked = new Set(['read', 'write', 'readv', 'writev', 'poll', 'ppoll', 'futex', 'total']);
  const each = Object.entries(all)
    .filter(([name]) => !asked.has(name))
    .map(([name, calls]) => [name.replace('newfstatat', 'fstat'), Math.round(calls / files)]);
  return Object.fromEntries(each.filter(([, calls]) => calls !== 0)) as Record<string, number>;
}

const steps: [string, Work, string][] = [
  ['create', make('ax'), 'empty'],
  ['createToRead', make('wx+'), 'both'],
  ['createSmall', make('ax', small), 'small'],
  ['createLarge', make('ax', large), 'large'],
  ['rewriteSmall', make('w', small), 'small'],
  ['openEmpty', make('r'), 'empty'],
  ['openEmptyToWrite', make('a'), 'empty'],
  ['readSmall', read, 'small'],
  ['readLarge', read, 'large'],
  ['rename', rename, 'both'],
  ['unlinkEmpty', unlink, 'empty'],
  ['unlinkSmall', unlink, 'small'],
];
const result: Record<string, Record<string, number>> = {};
for (const [name, work, kind] of steps) result[name] = await count(work, kind);
process.stdout.write(`${JSON.stringify(result)}\n`);
