// Servers that have mapped files of their own mount are killed, and are gone. Each time another of
// their threads is the last to leave.
import { holdIoUring, ioUringMounts } from '@ram/test-support';
import { afterAll, beforeAll } from 'vitest';
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
  server.kill();
  await server.exited;
  await unmountDirectory(folder, { force: true });
  await expectNothingLeft(folder, connection);
}

compiler.describe(`${rounds} servers over io_uring, one after the other`, () => {
  for (const io of ['cached', 'passthrough']) {
    ioUringMounts.it(`with io ${io}`, async () => {
      for (let round = 0; round < rounds; round++) await killed({ io, transport: 'io_uring' });
    });
  }
});
