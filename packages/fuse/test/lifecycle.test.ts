// How mounts end: by unmount, with the process, by force, by kill -9.
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { mountState, unmountDirectory } from '../src/index.ts';
import {
  Server,
  childProgram,
  isMountPoint,
  makeFolder,
  program,
  programPath,
  rootMounts,
  run,
} from './support.ts';

const python = program('python3');
// Empty pages that the store keeps for each of eight groups of threads: of names, of inodes.
const keptByThreadsBytes = 8 * 2 * 4096;

describe.each([
  ['return', 0],
  ['process-exit', 3],
  ['busy-exit', 3],
  ['throw', 1],
  ['worker-return', 0],
  ['worker-terminate', 0],
] as const)('a process that ends by %s', (way, code) => {
  rootMounts.it('leaves no mount behind', async () => {
    const folder = makeFolder();
    const result = await runNode(childProgram('end.ts'), [folder, way]);
    expect(result.stdout).toContain('mounted\n');
    if (way.startsWith('worker')) expect(result.stdout).toContain('after worker: false');
    expect({ code: result.code, timedOut: result.timedOut }).toEqual({ code, timedOut: false });
    expect(isMountPoint(folder)).toBe(false);
  });
});

const heldSteps =
  'options,created,findRoot,queued,asked,mount,made,answered,device,serve,told,stats,' +
  'unmount queued,unmount answered,stop';

rootMounts.describe('what ends while it mounts, or just behind,', () => {
  it.each([
    [heldSteps, 1],
    ['over', 2],
    ['any', 12],
    ['calls', 12],
  ])(
    'as a worker, at the steps %s, leaves nothing',
    async (steps, rounds) => {
      const args = [makeFolder(), 'worker', steps, `${rounds}`];
      const result = await runNode(childProgram('end-while-mounting.ts'), args);
      expect(result).toMatchObject({ code: 0, stdout: 'nothing left\n', stderr: '' });
    },
    40_000,
  );

  it.each(heldSteps.split(','))('as a process, at the step %s, leaves nothing', async (step) => {
    const folder = makeFolder();
    const result = await runNode(childProgram('end-while-mounting.ts'), [folder, 'exit', step]);
    expect(result).toMatchObject({ code: 3, stdout: '', stderr: '' });
    expect(isMountPoint(folder)).toBe(false);
  });
});

rootMounts.it('a process works on its own mount in one thread', async () => {
  const { stdout, stderr } = await runNode(childProgram('own-mount.ts'), [makeFolder(), 'use']);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    text: 'through the mount',
    other: 'through the mount',
    readsWhileBusy: 200,
  });
});

describe.each(['passthrough', 'cached'])('sixty rounds with io %s', (io) => {
  rootMounts.it(
    'leak neither descriptors nor threads, and no memory of the Volume',
    async () => {
      const args = [makeFolder(), '60', JSON.stringify({ io })];
      const { stdout, stderr } = await runNode(childProgram('rounds.ts'), args);
      expect(stderr).toBe('');
      const { before, after, grownBytes } = JSON.parse(stdout);
      expect(after).toEqual(before);
      expect(grownBytes).toBeLessThanOrEqual(keptByThreadsBytes);
    },
    70_000,
  );
});

rootMounts.it('a closed Volume is let go with its mount, not when it is collected', async () => {
  const { stdout, stderr } = await runNode(childProgram('closed-volumes.ts'), [makeFolder()]);
  expect(stderr).toBe('');
  const { before, after } = JSON.parse(stdout);
  expect(after).toBe(before);
});

python.it(
  'kill -9 under load: a new mount works at once',
  async () => {
    const folder = makeFolder();
    for (let round = 0; round < 3; round++) {
      const server = await Server.start(folder);
      const load = Array.from({ length: 8 }, (_, number) =>
        run('python3', [programPath('load.py'), folder, String(number), '10']).catch(() => {}),
      );
      const made = () => readdirSync(folder).length;
      await expect.poll(made).toBeGreaterThan(20);
      server.kill();
      await server.exited;
      await Promise.all(load);
      expect(await mountState(folder)).toBe('dead');
    }
    const server = await Server.start(folder);
    expect(await mountState(folder)).toBe('mounted');
    expect(readdirSync(folder)).toEqual([]);
    await server.stop();
    expect(await mountState(folder)).toBe('free');
  },
  120_000, // for a machine that is busy besides
);

rootMounts.it('a server that holds files on its own mount dies when killed', async () => {
  const folder = makeFolder();
  const server = await Server.startProgram('own-mount.ts', [folder, 'hold']);
  server.kill();
  await server.exited;
  expect(await mountState(folder)).toBe('dead');
  await unmountDirectory(folder);
  expect(isMountPoint(folder)).toBe(false);
});

rootMounts.it('a mount in use is busy, and goes with force', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder);
  const holder = await run('bash', ['-c', `sleep 100 > ${folder}/open 2>&1 & echo $!`]);
  try {
    await expect(unmountDirectory(folder, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'EBUSY',
      syscall: 'umount',
      path: folder,
    });
    await unmountDirectory(folder, { force: true, timeoutMs: 50 });
    expect(isMountPoint(folder)).toBe(false);
  } finally {
    process.kill(Number(holder), 'SIGKILL');
  }
  await server.stop();
});

rootMounts.it('a frozen server is noticed, and cleared away with force', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder);
  await server.freeze();
  try {
    expect(await mountState(folder)).toBe('unresponsive');
    await expect(unmountDirectory(folder)).rejects.toMatchObject({ code: 'EBUSY' });
    await unmountDirectory(folder, { force: true });
    expect(isMountPoint(folder)).toBe(false);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
});

rootMounts.it('a mount that somebody else takes away is over for its server too', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder);
  const descriptor = openSync(folder, 'r');
  await run('umount', ['-l', folder]);
  closeSync(descriptor);
  await server.stop();
});

rootMounts.it('what was mounted in its place stays when its server unmounts', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder);
  const descriptor = openSync(folder, 'r');
  await run('umount', ['-l', folder]);
  await run('mount', ['-t', 'tmpfs', 'another', folder]);
  await server.stop();
  closeSync(descriptor);
  expect(await mountState(folder)).toBe('other');
});

rootMounts.it('what was mounted in its place stays when its server exits', async () => {
  const folder = makeFolder();
  const result = await runNode(childProgram('end.ts'), [folder, 'replaced-exit']);
  expect({ code: result.code, timedOut: result.timedOut }).toEqual({ code: 3, timedOut: false });
  expect(await mountState(folder)).toBe('other');
});

rootMounts.it('a mount that another covers is busy, and is over with force', async () => {
  const folder = makeFolder();
  const { stdout, stderr } = await runNode(childProgram('covered.ts'), [folder]);
  expect({ stdout, stderr }).toEqual({ stdout: 'EBUSY, then over\n', stderr: '' });
  expect(await mountState(folder)).toBe('other');
  await run('umount', [folder]);
  expect(await mountState(folder)).toBe('dead');
});

rootMounts.it('a copy of the mount in another namespace does not keep it alive', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder);
  const hold = 'unshare -m sleep 100 >/dev/null 2>&1 & echo $!';
  const holder = Number(await run('bash', ['-c', hold]));
  try {
    await expect
      .poll(() => readlinkSync(`/proc/${holder}/ns/mnt`))
      .not.toBe(readlinkSync('/proc/self/ns/mnt'));
    await server.stop();
  } finally {
    process.kill(holder, 'SIGKILL');
  }
});

python.it(
  "two mounts of one Volume in contention don't deadlock, and agree in the end",
  async () => {
    const folders = [makeFolder(), makeFolder()] as const;
    const server = await Server.startProgram('two-mounts.ts', [...folders]);
    const contend = (folder: string) => run('python3', [programPath('contend.py'), folder, '3000']);
    expect(await Promise.all(folders.map(contend))).toEqual(['ok\n', 'ok\n']);
    await run('sh', ['-c', `echo shared > ${folders[0]}/page; rm -f ${folders[0]}/name`]);
    const read = () => run('sh', ['-c', `cat ${folders[1]}/page; ls ${folders[1]}`]);
    await expect.poll(read).toBe('shared\npage\n');
    await server.stop();
  },
  60_000,
);
