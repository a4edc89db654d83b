// Servers that have mapped files of their own mount are killed, and are gone. Each time another of
// their threads is the last to leave.
import { readFileSync, readdirSync } from 'node:fs';
import { holdIoUring, ioUringMounts } from '@ram/test-support';
import { afterAll, beforeAll, expect } from 'vitest';
import { unmountDirectory } from '../src/index.ts';
import { connectionOf, expectNothingLeft } from './left-over.ts';
import { Server, buildMapper, makeFolder, program } from './support.ts';

const compiler = program('gcc');
const rounds = 50;

let letGo = () => {};
let mapper = '';
beforeAll(async () => {
  if (compiler.available) mapper = await buildMapper();
  if (ioUringMounts.available) letGo = holdIoUring();
});
afterAll(() => letGo());

async function killed(options: object): Promise<void> {
  const folder = makeFolder();
  const server = await Server.startProgram('hold-own.ts', [
    folder,
    JSON.stringify(options),
    mapper,
  ]);
  const connection = connectionOf(folder);
  const children = childrenOf(server.pid);
  const hasKeeper = () => children.some((child) => stateOf(child).startsWith('(ram-keeper) S'));
  await expect.poll(hasKeeper).toBe(true);
  server.kill();
  await server.exited;
  await expect.poll(() => children.map(stateOf).filter(isAlive)).toEqual([]);
  await unmountDirectory(folder);
  await expectNothingLeft(folder, connection);
}

function childrenOf(process: number): string[] {
  const tasks = `/proc/${process}/task`;
  return readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

/** `(name) state …`; empty: it is gone. */
function stateOf(process: string): string {
  try {
    return readFileSync(`/proc/${process}/stat`, 'utf8').replace(/^\d+ /, '');
  } catch {
    return '';
  }
}

/** Not a zombie either, which waits for its new parent only. */
function isAlive(state: string): boolean {
  return state !== '' && !/^\(.*\) Z/.test(state);
}

compiler.describe(`${rounds} servers over io_uring, one after the other`, () => {
  for (const io of ['cached', 'passthrough']) {
    ioUringMounts.it(`with io ${io}`, async () => {
      for (let round = 0; round < rounds; round++) await killed({ io, transport: 'io_uring' });
    });
  }
});
