// Several processes and this one get into each other's way on the same names: through a mount of
// all, a mount of the directory, and in process. Ends when all do; then everything must be whole,
// and all sides must agree. Arguments: two directories, io, rounds, seed.
import assert from 'node:assert';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';
import { compile } from './compile.ts';

const [first = '', second = '', io = 'cached', rounds = '2000', seed = '1'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const inside = volume.fs;
inside.mkdirSync('/d');
inside.chmodSync('/d', 0o777);
for (const name of ['one', 'two']) inside.mkdirSync(`/d/${name}`);
await using whole = await mount(volume, first, { io: io as IoMode });
await using part = await mount(volume, second, { io: io as IoMode, root: '/d' });
const program = compile('meddle');

function meddle(folder: string, number: number): Promise<void> {
  const args = [folder, rounds, String(Number(seed) + number)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => {
      if (output === 'ok\n') resolve();
      else reject(new Error(`client ${number}: ${code ?? signal} ${output}`));
    });
  });
}

let state = Number(seed);
function pick(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return (state >> 8) % below;
}
const anyFile = () => `/d/${pick(2) === 0 ? 'one' : 'two'}/f${pick(4)}`;
const actions = [
  () => inside.writeFileSync(anyFile(), Buffer.alloc(1 + pick(150_000), 'w')),
  () => inside.appendFileSync(anyFile(), 'appended'),
  () => inside.truncateSync(anyFile(), pick(200_000)),
  () => inside.renameSync(anyFile(), anyFile()),
  () => inside.linkSync(anyFile(), anyFile()),
  () => inside.unlinkSync(anyFile()),
  () => inside.readFileSync(anyFile()),
  () => volume.view(anyFile()).includes('s'),
  () => inside.readdirSync('/d/one').length,
  () => inside.chmodSync(anyFile(), 0o600 + pick(64)),
];
/** What a race may refuse. */
const expected = new Set(['ENOENT', 'EEXIST', 'ENOSPC', 'EPERM', 'EBUSY']);

function meddleHere(): void {
  try {
    actions[pick(actions.length)]?.();
  } catch (error) {
    if (!expected.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

let running = true;
async function meddleUntilTheEnd(): Promise<number> {
  let count = 0;
  while (running) {
    for (let i = 0; i < 20; i++) meddleHere();
    count += 20;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}

interface FileFacts {
  path: string;
  facts: number[];
  bytes: Buffer;
}

function look(api: typeof fs, root: string): FileFacts[] {
  return ['/one', '/two'].flatMap((folder) =>
    api
      .readdirSync(root + folder)
      .toSorted()
      .filter((name) => name !== 'sub')
      .map((name) => {
        const path = `${folder}/${name}`;
        const { ino, size, blocks, mode, nlink, mtimeMs, ctimeMs } = api.statSync(root + path);
        const facts = [ino, size, blocks, mode, nlink, mtimeMs, ctimeMs];
        return { path, facts, bytes: api.readFileSync(root + path) };
      }),
  );
}

const places = [`${first}/d`, second, `${first}/d`, second];
const here = meddleUntilTheEnd();
try {
  await Promise.all(places.map(meddle));
} finally {
  running = false;
}
const count = await here;
const ours = look(inside as unknown as typeof fs, '/d');
for (const root of [`${first}/d`, second]) {
  // Notices of the last changes by another mount may be on their way.
  const deadline = Date.now() + 60_000;
  let theirs = look(fs, root);
  while (!isDeepStrictEqual(theirs, ours) && Date.now() < deadline) theirs = look(fs, root);
  assert.deepEqual(theirs, ours, `${root}, seed ${seed}`);
}
await part.unmount();
await whole.unmount();
assert.equal(volume.check(), undefined);
volume.close();
process.stdout.write(`ok after ${count > 0 ? 'meddling' : 'nothing'}\n`);
