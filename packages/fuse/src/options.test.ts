import { describe, expect, it } from 'vitest';
import { resolveFuseNativeOptions } from './fuse-native/options.ts';
import { resolveOptions } from './options.ts';
import type { KernelVersion, MountOptions } from './options.ts';

const root = { isRoot: true, name: 'disk' };

describe('resolveOptions', () => {
  it('fills in the defaults', () => {
    expect(resolveOptions({}, root)).toEqual({
      name: 'disk',
      io: 'passthrough',
      root: '/',
      allowOther: true,
      defaultPermissions: true,
      rootOnly: false,
      readOnly: false,
      suid: false,
      dev: false,
      nonempty: false,
      locks: 'kernel',
      transport: 'device',
      kernel: undefined,
      threads: expect.any(Number),
    });
  });

  it('lets others in by default only as root', () => {
    expect(resolveOptions({}, { isRoot: false, name: 'disk' }).allowOther).toBe(false);
  });

  it('has the kernel check permissions but where only root gets in', () => {
    const checks = (options: MountOptions, isRoot = true) => {
      const { defaultPermissions, rootOnly } = resolveOptions(options, { isRoot, name: 'disk' });
      expect(rootOnly).toBe(isRoot && !options.allowOther && !defaultPermissions);
      return defaultPermissions;
    };
    expect(checks({ allowOther: false })).toBe(false);
    expect(checks({ allowOther: false, defaultPermissions: true })).toBe(true);
    expect(checks({ allowOther: true })).toBe(true);
    expect(checks({ allowOther: false }, false)).toBe(true);
  });

  it('keeps what is given', () => {
    const given = { name: 'x', io: 'direct', locks: 'volume', threads: 64, suid: true } as const;
    expect(resolveOptions(given, root)).toMatchObject(given);
  });

  it.each([
    [null, 'ERR_INVALID_ARG_TYPE'],
    [{ name: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ name: '' }, 'ERR_INVALID_ARG_VALUE'],
    [{ name: 'a\nb' }, 'ERR_INVALID_ARG_VALUE'],
    [{ name: 'x'.repeat(201) }, 'ERR_INVALID_ARG_VALUE'],
    [{ readonly: true }, 'ERR_INVALID_ARG_VALUE'],
    [{ io: 'passthru' }, 'ERR_INVALID_ARG_VALUE'],
    [{ transport: 'uring' }, 'ERR_INVALID_ARG_VALUE'],
    [{ transport: 'io_uring', kernel: '6.1' }, 'ERR_INVALID_ARG_VALUE'],
    [{ kernel: 5.15 }, 'ERR_INVALID_ARG_VALUE'],
    [{ kernel: '5.10' }, 'ERR_INVALID_ARG_VALUE'],
    [{ root: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ root: 'a' }, 'ERR_INVALID_ARG_VALUE'],
    [{ root: '/a/../b' }, 'ERR_INVALID_ARG_VALUE'],
    [{ root: '/a\0' }, 'ERR_INVALID_ARG_VALUE'],
    [{ locks: true }, 'ERR_INVALID_ARG_VALUE'],
    [{ readOnly: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
    [{ suid: 1, defaultPermissions: false }, 'ERR_INVALID_ARG_TYPE'],
    [{ threads: '4' }, 'ERR_INVALID_ARG_TYPE'],
    [{ threads: 1 }, 'ERR_OUT_OF_RANGE'],
    [{ threads: 65 }, 'ERR_OUT_OF_RANGE'],
    [{ threads: 1.5 }, 'ERR_OUT_OF_RANGE'],
  ])('refuses %j', (options, code) => {
    expect(() => resolveOptions(options as MountOptions, root)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it.each(['suid', 'dev'] as const)('refuses %s where others may do everything', (right) => {
    const code = 'ERR_INVALID_ARG_VALUE';
    const message = expect.stringContaining(`'options.${right}' takes defaultPermissions: true`);
    const open = { [right]: true, defaultPermissions: false };
    for (const others of [{}, { allowOther: true }, { readOnly: true }]) {
      expect(() => resolveOptions({ ...open, ...others }, root)).toThrow(
        expect.objectContaining({ code, message }),
      );
    }
    const plain = { isRoot: false, name: 'disk' };
    expect(() => resolveOptions({ ...open, allowOther: true }, plain)).toThrow(
      expect.objectContaining({ code }),
    );
    const native = { driver: 'fuse-native', ...open } as const;
    expect(() => resolveFuseNativeOptions(native, root)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['suid', 'dev'] as const)('takes %s where others are checked or kept out', (right) => {
    for (const rest of [
      {},
      { allowOther: false },
      { allowOther: false, defaultPermissions: false },
    ]) {
      expect(resolveOptions({ [right]: true, ...rest }, root)).toMatchObject({ [right]: true });
    }
    expect(resolveOptions({ defaultPermissions: false }, root)).toMatchObject({ [right]: false });
  });

  it('names the kernels that there are', () => {
    const kernel = '4.4' as KernelVersion;
    const message = /'options\.kernel' must be one of '5\.15', '6\.1', '6\.18'\. Received '4\.4'/;
    expect(() => resolveOptions({ kernel }, root)).toThrow(message);
  });
});
