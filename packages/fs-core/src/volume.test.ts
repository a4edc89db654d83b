import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Volume, defaultMaxBytes, isSupported } from './index.ts';
import type { VolumeFs, VolumeOptions } from './index.ts';

const KiB = 1024;
const MiB = 2 ** 20;

let volume: Volume;
let fs: VolumeFs;

beforeEach(() => {
  volume = new Volume({ maxBytes: 8 * MiB });
  ({ fs } = volume);
});

afterEach(() => volume.close());

function codeOf(call: () => unknown): unknown {
  try {
    call();
    return 'ok';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('options', () => {
  it('have defaults', () => {
    using plain = new Volume();
    expect(plain.usage().maxBytes).toBe(Math.ceil(defaultMaxBytes() / 4096) * 4096);
    expect(plain.name).toBe('ram');
    expect(['tmpfs', 'memfd']).toContain(plain.backing);
    expect(isSupported()).toBe(true);
  });

  it.each([
    [{ maxBytes: 4 * MiB }, 4 * MiB],
    [{ maxBytes: BigInt(4 * MiB) }, 4 * MiB],
    [{ maxBytes: '4MiB' }, 4 * MiB],
    [{ maxBytes: '1M', backing: 'memfd' }, MiB],
  ] as [VolumeOptions, number][])('%o', (options, bytes) => {
    using other = new Volume(options);
    expect(other.usage().maxBytes).toBe(bytes);
    other.fs.writeFileSync('/a', Buffer.alloc(100_000, 1));
    expect(other.fs.readFileSync('/a')).toEqual(Buffer.alloc(100_000, 1));
    expect(other.check()).toBeUndefined();
  });

  it.each([
    [{ maxBytes: 0 }, 'ERR_RAM_INVALID_SIZE'],
    [{ maxBytes: -5 }, 'ERR_RAM_INVALID_SIZE'],
    [{ maxBytes: 1000 }, 'ERR_RAM_INVALID_SIZE'],
    [{ maxBytes: '900T' }, 'ERR_RAM_INVALID_SIZE'],
    [{ maxBytes: 'lots' }, 'ERR_RAM_INVALID_SIZE'],
    [{ maxBytes: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ maxInodes: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ maxInodes: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ maxInodes: '5' }, 'ERR_INVALID_ARG_TYPE'],
    [{ swap: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ swap: false, backing: 'memfd' }, 'ERR_RAM_SWAP_NOT_ALLOWED'],
    [{ backing: 'disk' }, 'ERR_INVALID_ARG_VALUE'],
    [{ name: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ maxbytes: '2G' }, 'ERR_INVALID_ARG_VALUE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    ['2G', 'ERR_INVALID_ARG_TYPE'],
  ])('%j is %s', (options, code) => {
    expect(codeOf(() => new Volume(options as VolumeOptions))).toBe(code);
  });
});

describe('a closed volume', () => {
  // Each call, with arguments that are valid on an open one.
  const calls: Record<keyof Omit<VolumeFs, 'constants'>, unknown[]> = {
    accessSync: ['/a'],
    appendFileSync: ['/a', 'x'],
    chmodSync: ['/a', 0o600],
    chownSync: ['/a', 0, 0],
    closeSync: [1_000_000_000],
    copyFileSync: ['/a', '/b'],
    existsSync: ['/a'],
    fchmodSync: [1_000_000_000, 0o600],
    fchownSync: [1_000_000_000, 0, 0],
    fdatasyncSync: [1_000_000_000],
    fstatSync: [1_000_000_000],
    fsyncSync: [1_000_000_000],
    ftruncateSync: [1_000_000_000, 1],
    futimesSync: [1_000_000_000, 1, 1],
    lchownSync: ['/a', 0, 0],
    linkSync: ['/a', '/b'],
    lstatSync: ['/a'],
    lutimesSync: ['/a', 1, 1],
    mkdirSync: ['/d'],
    mkdtempSync: ['/d'],
    openSync: ['/a', 'r'],
    readFileSync: ['/a'],
    readSync: [1_000_000_000, Buffer.alloc(1)],
    readdirSync: ['/'],
    readlinkSync: ['/link'],
    readvSync: [1_000_000_000, [Buffer.alloc(1)]],
    renameSync: ['/a', '/b'],
    rmSync: ['/a'],
    rmdirSync: ['/d'],
    statSync: ['/a'],
    statfsSync: ['/'],
    symlinkSync: ['a', '/link'],
    truncateSync: ['/a'],
    unlinkSync: ['/a'],
    utimesSync: ['/a', 1, 1],
    writeFileSync: ['/a', 'x'],
    writeSync: [1_000_000_000, 'x'],
    writevSync: [1_000_000_000, [Buffer.alloc(1)]],
  };

  it.each(Object.entries(calls))('%s throws ERR_RAM_VOLUME_CLOSED', (name, args) => {
    const call = fs[name as keyof typeof calls] as (...args: unknown[]) => unknown;
    fs.writeFileSync('/a', 'x');
    fs.openSync('/a', 'r');
    volume.close();
    expect(codeOf(() => call(...args))).toBe('ERR_RAM_VOLUME_CLOSED');
  });

  it('has no xattrs, views, usage or file system either', () => {
    volume.close();
    volume.close();
    expect(volume.closed).toBe(true);
    const others = [
      () => volume.xattr.get('/a', 'user.a'),
      () => volume.xattr.set('/a', 'user.a', 'x'),
      () => volume.xattr.list('/a'),
      () => volume.xattr.remove('/a', 'user.a'),
      () => volume.view('/a'),
      () => volume.usage(),
      () => volume.check(),
      () => volume.fileSystem,
      () => Volume.fromToken(volume.token),
    ];
    expect(others.map(codeOf)).toEqual(others.map(() => 'ERR_RAM_VOLUME_CLOSED'));
  });

  it('is closed by `using`', () => {
    let kept;
    {
      using inner = new Volume({ maxBytes: MiB });
      kept = inner;
    }
    expect(kept.closed).toBe(true);
  });

  it('still checks arguments first', () => {
    volume.close();
    expect(codeOf(() => fs.statSync(5 as never))).toBe('ERR_INVALID_ARG_TYPE');
  });
});

describe('tokens', () => {
  it('share files and descriptors, and are closed each on its own', () => {
    const other = Volume.fromToken(structuredClone(volume.token));
    const fd = fs.openSync('/a', 'w+');
    other.fs.writeSync(fd, 'shared');
    expect(fs.readFileSync('/a', 'utf8')).toBe('shared');
    expect(other.fs.statSync('/a')).toEqual(fs.statSync('/a'));
    volume.close();
    expect(other.fs.readFileSync('/a', 'utf8')).toBe('shared');
    other.close();
    expect(codeOf(() => Volume.fromToken(other.token))).toBe('ERR_RAM_VOLUME_CLOSED');
  });

  it.each([
    [5, 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    ['', 'ERR_RAM_VOLUME_CLOSED'],
    ['ram-volume-0', 'ERR_RAM_VOLUME_CLOSED'],
  ])('that are %j are %s', (token, code) => {
    expect(codeOf(() => Volume.fromToken(token as string))).toBe(code);
  });
});

describe('functions of volume.fs', () => {
  it('can be taken apart', () => {
    const { writeFileSync, readFileSync } = fs;
    writeFileSync('/a', 'apart');
    expect(readFileSync('/a', 'utf8')).toBe('apart');
  });

  it('give stats that tell inodes and volumes apart', () => {
    using other = new Volume({ maxBytes: MiB });
    fs.writeFileSync('/a', '');
    fs.writeFileSync('/b', '');
    expect(fs.statSync('/a').ino).not.toBe(fs.statSync('/b').ino);
    expect(other.fs.statSync('/').dev).not.toBe(fs.statSync('/').dev);
  });
});

describe('xattr', () => {
  it('is set, read, listed and removed', () => {
    const { xattr } = volume;
    fs.writeFileSync('/a', '');
    xattr.set('/a', 'user.text', 'grüße');
    xattr.set('/a', 'user.bytes', new Uint8Array([0, 255]));
    xattr.set('/a', 'user.empty', '');
    expect(xattr.get('/a', 'user.text').toString()).toBe('grüße');
    expect(xattr.get('/a', 'user.bytes')).toEqual(Buffer.from([0, 255]));
    expect(xattr.get('/a', 'user.empty')).toHaveLength(0);
    expect(xattr.list('/a').toSorted()).toEqual(['user.bytes', 'user.empty', 'user.text']);
    xattr.remove('/a', 'user.bytes');
    expect(xattr.list('/a').toSorted()).toEqual(['user.empty', 'user.text']);
    xattr.set('/a', 'user.long', Buffer.alloc(5000, 7));
    expect(xattr.get('/a', 'user.long')).toEqual(Buffer.alloc(5000, 7));
    expect(volume.check()).toBeUndefined();
  });

  it('is of the link or of its target', () => {
    const { xattr } = volume;
    fs.writeFileSync('/a', '');
    fs.symlinkSync('a', '/link');
    xattr.set('/link', 'trusted.on', 'target');
    xattr.set('/link', 'trusted.on', 'link', { follow: false });
    expect(xattr.get('/a', 'trusted.on').toString()).toBe('target');
    expect(xattr.get('/link', 'trusted.on').toString()).toBe('target');
    expect(xattr.get('/link', 'trusted.on', { follow: false }).toString()).toBe('link');
  });

  it('fails as the system calls do', () => {
    const { xattr } = volume;
    fs.writeFileSync('/a', '');
    fs.symlinkSync('a', '/link');
    xattr.set('/a', 'user.a', 'x');
    const failures: [() => unknown, string][] = [
      [() => xattr.get('/a', 'user.none'), 'ENODATA'],
      [() => xattr.remove('/a', 'user.none'), 'ENODATA'],
      [() => xattr.set('/a', 'user.a', 'y', { mode: 'create' }), 'EEXIST'],
      [() => xattr.set('/a', 'user.none', 'y', { mode: 'replace' }), 'ENODATA'],
      [() => xattr.set('/link', 'user.a', 'y', { follow: false }), 'EPERM'],
      [() => xattr.set('/a', 'user.big', Buffer.alloc(65_537)), 'E2BIG'],
      [() => xattr.set('/a', '', 'y'), 'ERANGE'],
      [() => xattr.set('/a', `user.${'n'.repeat(251)}`, 'y'), 'ERANGE'],
      [() => xattr.set('/a', 'nonsense', 'y'), 'ENOTSUP'],
      [() => xattr.get('/none', 'user.a'), 'ENOENT'],
      [() => xattr.list('/a/b'), 'ENOTDIR'],
      [() => xattr.get('/a', 5 as never), 'ERR_INVALID_ARG_TYPE'],
      [() => xattr.get('/a', 'a\0b'), 'ERR_INVALID_ARG_VALUE'],
      [() => xattr.set('/a', 'user.a', 5 as never), 'ERR_INVALID_ARG_TYPE'],
      [() => xattr.set('/a', 'user.a', '', { mode: 'x' as never }), 'ERR_INVALID_ARG_TYPE'],
      [() => xattr.list('/a', { follow: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
    ];
    expect(failures.map(([call]) => codeOf(call))).toEqual(failures.map(([, code]) => code));
  });
});

describe('views', () => {
  it('show the live bytes, without a copy', () => {
    fs.writeFileSync('/a', Buffer.alloc(100 * KiB, 'a'));
    const view = volume.view('/a');
    const fd = fs.openSync('/a', 'r+');
    fs.writeSync(fd, 'HELLO', 50_000);
    expect(view.toString('latin1', 49_999, 50_006)).toBe('aHELLOa');
    expect(view).toHaveLength(100 * KiB);
  });

  it('of small files are live too', () => {
    fs.writeFileSync('/a', 'small');
    const view = volume.view('/a');
    fs.writeFileSync('/a', 'SMALL', { flag: 'r+' });
    expect(view.toString()).toBe('SMALL');
  });

  it('write to the file only when they are writable', () => {
    fs.writeFileSync('/a', Buffer.alloc(10_000, 'a'));
    const copy = volume.view('/a');
    const writable = volume.view('/a', { writable: true });
    copy.write('private');
    expect(fs.readFileSync('/a', 'latin1').slice(0, 7)).toBe('aaaaaaa');
    writable.write('public!', 1000);
    expect(fs.readFileSync('/a', 'latin1').slice(1000, 1007)).toBe('public!');
  });

  it('stay valid after truncate, unlink and close, and read zeros where the file was cut', () => {
    fs.writeFileSync('/a', Buffer.alloc(100_000, 'a'));
    const view = volume.view('/a', { writable: true });
    fs.truncateSync('/a', 10_000);
    expect(view[9_999]).toBe(97);
    expect(view[10_000]).toBe(0);
    expect(view[99_999]).toBe(0);
    view[50_000] = 1;
    fs.truncateSync('/a', 100_000);
    fs.writeFileSync('/a', Buffer.alloc(100_000, 'b'), { flag: 'r+' });
    expect([view[0], view[99_999]]).toEqual([98, 98]);
    fs.unlinkSync('/a');
    expect(view[0]).toBe(98);
    volume.close();
    view[0] = 3;
    expect([view[0], view[99_999]]).toEqual([3, 98]);
  });

  it('of an empty file are empty', () => {
    fs.writeFileSync('/a', '');
    expect(volume.view('/a')).toHaveLength(0);
  });

  it('fail as open does, and where they can not be', () => {
    fs.mkdirSync('/d');
    fs.symlinkSync('loop', '/loop');
    const fd = fs.openSync('/huge', 'w');
    fs.ftruncateSync(fd, 5 * 2 ** 30);
    fs.closeSync(fd);
    fs.writeFileSync('/sparse', '');
    fs.truncateSync('/sparse', 100 * MiB);
    const failures: [() => unknown, string][] = [
      [() => volume.view('/none'), 'ENOENT'],
      [() => volume.view('/d'), 'EISDIR'],
      [() => volume.view('/d', { writable: true }), 'EISDIR'],
      [() => volume.view('/loop'), 'ELOOP'],
      [() => volume.view('/huge'), 'ERR_RAM_VIEW_TOO_LARGE'],
      [() => volume.view('/sparse'), 'ENOSPC'],
      [() => volume.view(5 as never), 'ERR_INVALID_ARG_TYPE'],
      [() => volume.view('/d', { writable: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
    ];
    expect(failures.map(([call]) => codeOf(call))).toEqual(failures.map(([, code]) => code));
  });
});

describe('usage', () => {
  it('adds up, and comes back to where it was', () => {
    const empty = volume.usage();
    fs.mkdirSync('/d');
    for (let i = 0; i < 100; i += 1) fs.writeFileSync(`/d/${i}`, Buffer.alloc(i * 300, 1));
    fs.writeFileSync('/large', Buffer.alloc(3 * MiB));
    const full = volume.usage();
    expect(full.inodes).toBe(empty.inodes + 102);
    expect(full.bytes.file).toBeGreaterThanOrEqual(3 * MiB);
    expect(full.bytes.slab).toBeGreaterThan(100_000);
    for (const usage of [empty, full]) {
      const { slab, file, metadata } = usage.bytes;
      expect(usage.usedBytes + usage.freeBytes).toBe(usage.maxBytes);
      expect(slab + file + metadata).toBe(usage.usedBytes);
    }
    fs.rmSync('/d', { recursive: true });
    fs.rmSync('/large');
    const after = volume.usage();
    expect(after.inodes).toBe(empty.inodes);
    expect(after.usedBytes).toBeLessThanOrEqual(empty.usedBytes + 64 * KiB);
  });
});
