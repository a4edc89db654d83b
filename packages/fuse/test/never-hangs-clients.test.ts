// A signal ends a client that waits for an answer, as far as the kernel lets it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { holdIoUring, ioUringMounts } from '@ram/test-support';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { unmountDirectory } from '../src/index.ts';
import { connectionOf, expectNothingLeft } from './left-over.ts';
import { Server, makeFolder, program, programPath, rootMounts } from './support.ts';

const python = program('python3');

const clients: ChildProcess[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.kill('SIGKILL');
});

function start(command: string, args: string[]): ChildProcess {
  const client = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  clients.push(client);
  return client;
}

function exitOf(client: ChildProcess): Promise<void> {
  if (client.exitCode !== null || client.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => client.once('exit', () => resolve()));
}

describe.each(['SIGINT', 'SIGKILL'] as const)('%s', (signal) => {
  python.it('ends a client that waits for a lock', async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, { locks: 'volume' });
    const client = start('python3', [programPath('busy.py'), folder, 'lock']);
    await new Promise((resolve) => client.stdout?.once('data', resolve));
    client.kill(signal);
    await exitOf(client);
    await expect.poll(() => unmountDirectory(folder).catch(String)).toBe(undefined);
    await server.stop();
  });

  // What is in the hands of the server the kernel (6.18) waits for, whatever signal comes, until
  // the connection ends. Over io_uring that is every request, at once.
  rootMounts.it('ends a client that asks a frozen server, over /dev/fuse', async () => {
    const folder = makeFolder();
    const server = await Server.start(folder);
    await server.freeze();
    const client = start('stat', [`${folder}/some name`]);
    client.kill(signal);
    await exitOf(client);
    await unmountDirectory(folder, { force: true });
    process.kill(server.pid, 'SIGCONT');
    await server.stop();
  });
});

describe.each(['SIGSTOP', 'SIGKILL'] as const)('over io_uring, a server that got %s', (signal) => {
  let letGo = () => {};
  beforeAll(() => {
    if (ioUringMounts.available) letGo = holdIoUring();
  });
  afterAll(() => letGo());

  // What a stopped server has been handed the kernel (6.18) holds until it goes on or is killed.
  ioUringMounts.it('is cleared away with force; its clients end with it', async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, { transport: 'io_uring' });
    const connection = connectionOf(folder);
    process.kill(server.pid, signal);
    const client = start('stat', [`${folder}/some name`]);
    await unmountDirectory(folder, { force: true });
    server.kill();
    await server.exited;
    await exitOf(client);
    await expectNothingLeft(folder, connection);
  });
});
