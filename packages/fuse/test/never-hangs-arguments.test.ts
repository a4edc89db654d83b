// What the calls of this package say to arguments that make no sense, in every state of a mount.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { abortConnection, mount, mountState, unmountDirectory } from '../src/index.ts';
import { childProgram, isMountPoint, makeFolder, rootMounts } from './support.ts';

const calls = { abortConnection, mountState, unmountDirectory };

describe.each(Object.entries(calls))('%s()', (_, call) => {
  it.each([undefined, null, 5, {}, [], Symbol('s'), () => '/'])('refuses %s', async (value) => {
    await expect(call(value as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });

  it.each(['', 'a\0b'])('refuses the path %j', async (value) => {
    await expect(call(value)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  it('tells what is wrong with a path', async () => {
    const file = join(makeFolder(), 'file');
    writeFileSync(file, '');
    await expect(call(`${file}/below/it`)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(call('/no/such/directory')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(call('x'.repeat(5000))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });
});

describe('unmountDirectory()', () => {
  it.each([null, 5, 'force'])('refuses the options %s', async (options) => {
    const refused = { code: 'ERR_INVALID_ARG_TYPE' };
    await expect(unmountDirectory('/tmp', options as never)).rejects.toMatchObject(refused);
  });

  it.each([
    [{ force: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeoutMs: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeoutMs: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeoutMs: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    [{ timeoutMs: -1 }, 'ERR_OUT_OF_RANGE'],
  ])('refuses %j', async (options, code) => {
    await expect(unmountDirectory('/tmp', options as never)).rejects.toMatchObject({ code });
  });

  it('says that nothing is mounted', async () => {
    const folder = makeFolder();
    await expect(unmountDirectory(folder)).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(abortConnection(folder)).rejects.toMatchObject({ code: 'EINVAL' });
    expect(await mountState(folder)).toBe('free');
  });

  it('leaves other file systems alone', async () => {
    const refused = { code: 'ERR_RAM_NOT_A_FUSE_MOUNT' };
    await expect(unmountDirectory('/proc')).rejects.toMatchObject(refused);
    await expect(abortConnection('/proc')).rejects.toMatchObject(refused);
    expect(await mountState('/proc')).toBe('other');
  });
});

describe('mount()', () => {
  it.each([undefined, null, 5, 'volume', {}, { fileSystem: {} }, new Date()])(
    'refuses the volume %s',
    async (volume) => {
      const folder = makeFolder();
      const refused = { code: 'ERR_INVALID_ARG_TYPE' };
      await expect(mount(volume as never, folder)).rejects.toMatchObject(refused);
      expect(isMountPoint(folder)).toBe(false);
    },
  );
});

rootMounts.it(
  'random arguments in every state of a mount end in errors with codes',
  async () => {
    const folders = [makeFolder(), makeFolder()];
    const result = await runNode(childProgram('hostile-arguments.ts'), folders);
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(/^alive, \d+ refused\n$/);
  },
  70_000,
);
