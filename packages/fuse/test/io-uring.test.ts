// Mounts whose requests come over io_uring; tools/fs-contract runs its rules there too. Switches
// FUSE over io_uring on for the time of the tests.
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect } from 'vitest';
import { holdIoUring, ioUringMounts as ioUring, runNode } from '@ram/test-support';
import {
  Server,
  buildMapper,
  childProgram,
  isMountPoint,
  makeFolder,
  program,
  programPath,
  run,
} from './support.ts';

let letGo = () => {};
beforeAll(() => {
  if (ioUring.available) letGo = holdIoUring();
});
afterAll(() => letGo());

const transport = 'io_uring';
ioUring.it(
  'a full disk says ENOSPC, keeps what it has, and takes more after a delete',
  async () => {
    const folder = makeFolder();
    const server = await Server.start(
      folder,
      { transport, io: 'cached' },
      { maxBytes: '32M', maxInodes: 500 },
    );
    expect(await run('python3', [programPath('full.py'), folder, 'cached'])).toBe('ok\n');
    await server.stop();
  },
);

ioUring.it('a full disk waits for a close that lies in the queue of a busy CPU', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder, { transport, io: 'direct' }, { maxBytes: '32M' });
  expect(await run('python3', [programPath('late_close.py'), folder])).toBe('ok\n');
  await server.stop();
});

ioUring.it(
  'each CPU has its own thread, which serves the requests that are made there',
  async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, { transport });
    const tasks = `/proc/${server.pid}/task`;
    const places = () =>
      readdirSync(tasks).flatMap((thread) => {
        const status = readFileSync(`${tasks}/${thread}/status`, 'utf8');
        const cpu = /^Name:\tram-uring-(\d+)$/m.exec(status)?.[1];
        return cpu === undefined ? [] : [[cpu, /^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1]]];
      });
    // A thread names itself and takes its place when it first runs.
    const inPlace = () => places().filter(([cpu, allowed]) => cpu === allowed);
    await expect.poll(inPlace).toHaveLength(availableParallelism());
    await server.stop();
  },
);

program('gcc').it('a process loads libraries from its own mount', async () => {
  const args = [makeFolder(), JSON.stringify({ transport }), await buildMapper()];
  const result = await runNode(childProgram('load-own.ts'), args);
  expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(result.stdout).toMatch(/^(\d+) of \1 loaded\n$/);
});

// More than a queue has entries at first, and on each CPU.
ioUring.it(
  'many locks may wait, and what ends their waiting is served',
  async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, { transport, locks: 'volume' });
    const args = [programPath('waiting_locks.py'), folder, `${server.pid}`, '40'];
    expect(await run('python3', args)).toBe('40\n');
    const { requests } = await server.stop();
    expect(requests.setlkw).toBe(41);
  },
  120_000,
);

ioUring.it('a FORGET that the kernel waits for is answered', async () => {
  const args = [makeFolder(), transport];
  const result = await runNode(childProgram('turned-over.ts'), args);
  expect(result).toMatchObject({ stdout: 'ok\n', stderr: '', timedOut: false });
});

ioUring.it('a killed server leaves a dead mount that can be cleared', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder, { transport });
  process.kill(server.pid, 'SIGKILL');
  await server.exited;
  // Canceled: the kernel is still taking the rings down.
  const gone = /not connected|connection abort|Operation canceled/;
  await expect(run('stat', [`${folder}/x`])).rejects.toThrow(gone);
  await run('umount', [folder]);
  expect(isMountPoint(folder)).toBe(false);
});

ioUring.it('an unmount from outside ends the server', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder, { transport });
  await run('umount', [folder]);
  await expect(server.stop()).resolves.toMatchObject({ transport });
});

ioUring.it(
  'mounting and unmounting leaves no thread and no descriptor',
  async () => {
    const args = [makeFolder(), '50', JSON.stringify({ transport })];
    const { stdout, stderr } = await runNode(childProgram('rounds.ts'), args);
    expect(stderr).toBe('');
    const { before: first, after: last } = JSON.parse(stdout);
    expect(last).toEqual(first);
  },
  70_000,
);
