// What mount() and unmountDirectory() say about wrong places.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Volume } from '@ram/fs-core';
import { childNodeArguments, runCommand, runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { abortConnection, mount, mountState, unmountDirectory } from '../src/index.ts';
import { Server, childProgram, isMountPoint, makeFolder, rootMounts, run } from './support.ts';

async function failedMount(directory: string, options = {}) {
  using volume = new Volume({ maxBytes: '16M' });
  return mount(volume, directory, options).then(
    () => expect.fail('was mounted'),
    (error: unknown) => error,
  );
}

rootMounts.describe('mount() refuses', () => {
  it('a directory that is missing', async () => {
    const directory = join(makeFolder(), 'missing');
    expect(await failedMount(directory)).toMatchObject({
      code: 'ENOENT',
      errno: -2,
      syscall: 'mount',
      path: directory,
      message: expect.stringContaining(`mkdir -p ${directory}`),
    });
  });

  it('one that is missing, with a command that a shell takes as it is meant', async () => {
    const directory = join(makeFolder(), "it's a disk");
    const { message } = (await failedMount(directory)) as Error;
    const command = /: create it: (mkdir .*)$/.exec(message)?.[1] ?? '';
    await run('bash', ['-c', command]);
    expect(existsSync(directory)).toBe(true);
  });

  it('a name that is empty', async () => {
    expect(await failedMount('')).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: "The argument 'directory' must not be empty; this directory is '.'. Received ''",
    });
  });

  it('a file', async () => {
    const file = join(makeFolder(), 'file');
    writeFileSync(file, '');
    expect(await failedMount(file)).toMatchObject({ code: 'ENOTDIR', path: file });
    expect(await failedMount(join(file, 'below'))).toMatchObject({ code: 'ENOTDIR' });
  });

  it('while there are too few descriptors, and leaves nothing', async () => {
    const program = fileURLToPath(childProgram('few-descriptors.ts'));
    const args = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, ...childNodeArguments];
    const { stdout, stderr } = await runCommand('sh', [...args, program, makeFolder()]);
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
  });

  it('a directory that is not empty, unless told', async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(await failedMount(folder)).toMatchObject({ code: 'ENOTEMPTY', path: folder });
    const server = await Server.start(folder, { nonempty: true });
    await server.stop();
  });

  it('a directory where a disk is mounted', async () => {
    const folder = makeFolder();
    const server = await Server.start(folder);
    expect(await failedMount(folder)).toMatchObject({ code: 'EBUSY', path: folder });
    await server.stop();
  });

  it('a directory where another mount() is under way, and leaves nothing there', async () => {
    const { stdout, stderr } = await runNode(childProgram('same-place.ts'), [makeFolder()]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      outcomes: ['EBUSY', 'EBUSY', 'mounted'],
      during: 1,
      after: 0,
    });
  });

  it('a directory where other processes mount at the same instant', async () => {
    const { stdout, stderr } = await runNode(childProgram('same-instant.ts'), [makeFolder()]);
    expect(stderr).toBe('');
    const round = { outcomes: ['EBUSY', 'EBUSY', 'mounted'], during: 1, after: 0 };
    expect(JSON.parse(stdout)).toEqual(Array.from({ length: 6 }, () => round));
  });

  it('a volume that is closed, or none', async () => {
    const volume = new Volume({ maxBytes: '16M' });
    volume.close();
    const folder = makeFolder();
    await expect(mount(volume, folder)).rejects.toMatchObject({ code: 'ERR_RAM_VOLUME_CLOSED' });
    const none = {} as { fileSystem: unknown };
    await expect(mount(none, folder)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(mount({ fileSystem: 5 }, folder)).rejects.toThrow(TypeError);
    expect(isMountPoint(folder)).toBe(false);
  });
});

rootMounts.it('follows symlinks to the mount point', async () => {
  const folder = makeFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  const server = await Server.start(join(folder, 'link'));
  expect(isMountPoint(join(folder, 'real'))).toBe(true);
  await unmountDirectory(join(folder, 'link'));
  expect(await mountState(join(folder, 'real'))).toBe('free');
  await server.stop();
});

rootMounts.it('mounts over the left-over of a killed server, a symlink to it too', async () => {
  const folder = makeFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  const killed = await Server.start(join(folder, 'real'));
  killed.kill();
  await killed.exited;
  expect(await mountState(join(folder, 'link'))).toBe('dead');
  const server = await Server.start(join(folder, 'link'));
  expect(await mountState(join(folder, 'real'))).toBe('mounted');
  await server.stop();
});

rootMounts.it('an aborted connection is dead, and is unmounted like one', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder);
  await abortConnection(folder);
  expect(await mountState(folder)).toBe('dead');
  await unmountDirectory(folder);
  await server.stop();
});

rootMounts.it('names what is mounted below a mount that is to go, the last one first', async () => {
  const folder = makeFolder();
  const outer = await Server.start(folder);
  const nested = ['a b', 'a b/c'].map((name) => join(folder, name));
  try {
    for (const directory of nested) {
      mkdirSync(directory);
      await run('mount', ['-t', 'tmpfs', 'none', directory]);
    }
    await expect(unmountDirectory(folder, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'EBUSY',
      message: expect.stringMatching(
        `: unmount first what is mounted below it: '${folder}/a b/c', '${folder}/a b'$`,
      ),
    });
  } finally {
    for (const directory of nested.toReversed()) await runCommand('umount', [directory]);
  }
  await unmountDirectory(folder);
  await outer.stop();
});

rootMounts.it('tells in JSON what a mount has done', async () => {
  const { initFlags, protocolMinor } = await (await Server.start(makeFolder())).stop();
  expect(protocolMinor).toBeGreaterThan(30);
  expect(initFlags).toMatch(/^0x[0-9a-f]+$/);
  // FUSE_ASYNC_READ, which every Linux offers.
  expect(BigInt(initFlags) & 1n).toBe(1n);
});

describe('unmountDirectory() refuses', () => {
  it('what is not mounted', async () => {
    const folder = makeFolder();
    const expected = { code: 'EINVAL', syscall: 'umount', path: folder };
    await expect(unmountDirectory(folder)).rejects.toMatchObject(expected);
    await expect(unmountDirectory(pathToFileURL(folder))).rejects.toMatchObject(expected);
    const aborting = { ...expected, syscall: 'abort' };
    await expect(abortConnection(pathToFileURL(folder))).rejects.toMatchObject(aborting);
    expect(await mountState(pathToFileURL(folder))).toBe('free');
  });

  it('what is not FUSE', async () => {
    const expected = { code: 'ERR_RAM_NOT_A_FUSE_MOUNT' };
    await expect(unmountDirectory('/proc')).rejects.toMatchObject(expected);
    await expect(abortConnection('/proc')).rejects.toMatchObject(expected);
    expect(await mountState('/proc')).toBe('other');
  });
});
