// Whatever clients do, and whatever becomes of the server, a mount can be cleared away in bounded
// time, and nothing is left of it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { runNode } from '@ram/test-support';
import { afterEach, beforeAll, describe, expect } from 'vitest';
import { mountState, unmountDirectory } from '../src/index.ts';
import type { MountOptions } from '../src/index.ts';
import { connectionOf, expectNothingLeft } from './left-over.ts';
import {
  Server,
  buildMapper,
  childProgram,
  isMountPoint,
  makeFolder,
  program,
  programPath,
  rootMounts,
} from './support.ts';

const python = program('python3');
const compiler = program('gcc');
const modes = ['passthrough', 'cached'] as const;
const ways = ['open', 'mapped', 'cwd', 'lock', 'copy'] as const;
const signals = ['SIGSTOP', 'SIGKILL'] as const;
const volume = { maxBytes: '256M' };

const clients: ChildProcess[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.kill('SIGKILL');
});

/** Clients that keep the mount busy in every way; resolves when they do. */
async function startClients(folder: string): Promise<ChildProcess[]> {
  return Promise.all(
    ways.map(async (way) => {
      const client = spawn('python3', [programPath('busy.py'), folder, way]);
      clients.push(client);
      const said = await new Promise((resolve) => client.stdout.once('data', resolve));
      expect(String(said)).toBe('busy\n');
      return client;
    }),
  );
}

async function killed(client: ChildProcess): Promise<void> {
  if (client.exitCode !== null || client.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => client.once('exit', () => resolve()));
  client.kill('SIGKILL');
  await exited;
}

describe.each(modes)('a busy mount with io %s', (io) => {
  const options: MountOptions = { io, locks: 'volume' };

  python.it('goes with force, from outside', async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, options, volume);
    const connection = connectionOf(folder);
    const busy = await startClients(folder);
    await expect(unmountDirectory(folder, { timeoutMs: 20 })).rejects.toThrow('EBUSY');
    await unmountDirectory(folder, { force: true, timeoutMs: 20 });
    await server.stop();
    await Promise.all(busy.map(killed));
    await expectNothingLeft(folder, connection);
  });

  python.it('goes with force, by its server', async () => {
    const folder = makeFolder();
    const force = { force: true, timeoutMs: 20 };
    const server = await Server.start(folder, options, volume, {}, force);
    const connection = connectionOf(folder);
    const busy = await startClients(folder);
    await server.stop();
    await Promise.all(busy.map(killed));
    await expectNothingLeft(folder, connection);
  });

  describe.each(signals)('whose server got %s', (signal) => {
    python.it('goes with force', async () => {
      const folder = makeFolder();
      const server = await Server.start(folder, options, volume);
      const connection = connectionOf(folder);
      const busy = await startClients(folder);
      process.kill(server.pid, signal);
      await unmountDirectory(folder, { force: true, timeoutMs: 20 });
      // What a stopped server was handed over io_uring the kernel (6.18) holds until it is killed.
      if (process.env.RAM_TEST_TRANSPORT === 'io_uring') server.kill();
      await Promise.all(busy.map(killed));
      server.kill();
      await server.exited;
      await expectNothingLeft(folder, connection);
    });
  });
});

let mapper = '';
beforeAll(async () => {
  if (!compiler.available) return;
  mapper = await buildMapper();
});

describe.each(modes)('a server with files of its own mount open and mapped, io %s', (io) => {
  describe.each(signals)('that got %s', (signal) => {
    compiler.it('can be cleared away', async () => {
      const folder = makeFolder();
      const args = [folder, JSON.stringify({ io }), mapper];
      const server = await Server.startProgram('hold-own.ts', args);
      const connection = connectionOf(folder);
      process.kill(server.pid, signal);
      await unmountDirectory(folder, { force: true, timeoutMs: 20 });
      server.kill();
      await server.exited;
      await expectNothingLeft(folder, connection);
    });
  });

  compiler.it('is replaced by the next mount once it is dead', async () => {
    const folder = makeFolder();
    const args = [folder, JSON.stringify({ io }), mapper];
    const dead = await Server.startProgram('hold-own.ts', args);
    dead.kill();
    if ((await mountState(folder)) === 'unresponsive') {
      await unmountDirectory(folder, { force: true });
    }
    const server = await Server.start(folder, { io });
    await dead.exited;
    await server.stop();
  });
});

compiler.it('a process loads libraries from its own mount', async () => {
  const result = await runNode(childProgram('load-own.ts'), [makeFolder(), '{}', mapper]);
  expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(result.stdout).toMatch(/^(\d+) of \1 loaded\n$/);
});

describe.each([
  ['exit', 3],
  ['throw', 1],
  ['worker', 0],
] as const)('by %s', (way, code) => {
  rootMounts.it('a process ends in peace while calls are under way', async () => {
    const folder = makeFolder();
    const result = await runNode(childProgram('pending-calls.ts'), [way, folder]);
    expect(result).toMatchObject({ code, signal: null, timedOut: false });
    expect(result.stderr).not.toContain('FATAL');
    // A worker may come to abort the connection before it is terminated: that leaves a dead mount.
    if (way === 'worker' && (await mountState(folder)) === 'dead') await unmountDirectory(folder);
    expect(await mountState(folder)).toBe('free');
    expect(isMountPoint(folder)).toBe(false);
  });
});

rootMounts.it('two processes that mount at one directory: one does, one is refused', async () => {
  const folder = makeFolder();
  const both = await Promise.allSettled([Server.start(folder), Server.start(folder)]);
  const servers = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(servers.length).toBeGreaterThan(0);
  await Promise.all(servers.map((server) => server.stop()));
  expect(await mountState(folder)).toBe('free');
});
