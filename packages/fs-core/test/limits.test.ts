import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Volume } from '../src/index.ts';
import type { VolumeFs } from '../src/index.ts';

const KiB = 1024;
const MiB = 2 ** 20;
const maxBytes = 16 * MiB;

let volume: Volume;
let fs: VolumeFs;

afterEach(() => {
  expect(volume.check()).toBeUndefined();
  volume.close();
});

function codeOf(call: () => unknown): unknown {
  try {
    call();
    return 'ok';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

/** Writes files until one fails; returns how many were written whole. */
function fill(size: number, prefix = '/f'): number {
  const bytes = Buffer.alloc(size, 'x');
  for (let i = 0; ; i += 1) {
    const code = codeOf(() => fs.writeFileSync(`${prefix}${i}`, bytes));
    if (code === 'ok') continue;
    expect(code).toBe('ENOSPC');
    fs.rmSync(`${prefix}${i}`, { force: true });
    return i;
  }
}

describe.each(['tmpfs', 'memfd'] as const)('a full volume (%s)', (backing) => {
  beforeEach(() => {
    volume = new Volume({ maxBytes, backing });
    ({ fs } = volume);
  });

  it('holds what it promised to the last page, and not a byte is half-written', () => {
    const fd = fs.openSync('/a', 'w');
    const piece = Buffer.alloc(10_000, 'y');
    let written = 0;
    let code: unknown = 'ok';
    while (code === 'ok') code = codeOf(() => (written += fs.writeSync(fd, piece)));
    expect(code).toBe('ENOSPC');
    expect(fs.fstatSync(fd).size).toBe(written);
    const { usedBytes, freeBytes } = volume.usage();
    expect(usedBytes + freeBytes).toBe(maxBytes);
    expect(freeBytes).toBeLessThan(16 * KiB);
    expect(written).toBeGreaterThan(maxBytes - 256 * KiB);
    expect(fs.readFileSync('/a').equals(Buffer.alloc(written, 'y'))).toBe(true);
    expect(codeOf(() => fs.writeSync(fd, piece, 0, 5000, 0))).toBe('ok');
    fs.closeSync(fd);
  });

  it.each([10, 1000, 3000, 10_000, 300_000])(
    'takes no more files of %i bytes, keeps the others, and has room after a delete',
    (size) => {
      const count = fill(size);
      expect(count).toBeGreaterThan(5);
      expect(codeOf(() => fs.appendFileSync('/f0', Buffer.alloc(MiB)))).toBe('ENOSPC');
      for (let i = 1; i < count; i += 1) {
        expect(fs.readFileSync(`/f${i}`).equals(Buffer.alloc(size, 'x'))).toBe(true);
      }
      fs.unlinkSync('/f1');
      fs.unlinkSync('/f2');
      expect(codeOf(() => fs.writeFileSync('/again', Buffer.alloc(size, 'z')))).toBe('ok');
      for (let i = 0; i < count; i += 1) fs.rmSync(`/f${i}`, { force: true });
      expect(volume.usage().usedBytes).toBeLessThan(MiB);
    },
  );

  it.each([2100, 4096, 6000])(
    'has room for a large file after every second file of %i bytes is deleted',
    (size) => {
      const count = fill(size);
      for (let i = 0; i < count; i += 2) fs.unlinkSync(`/f${i}`);
      const large = Buffer.alloc(Math.floor((count / 2) * size * 0.9), 'L');
      expect(codeOf(() => fs.writeFileSync('/large', large))).toBe('ok');
      expect(fs.readFileSync('/large').equals(large)).toBe(true);
      expect(fs.readFileSync('/f1').equals(Buffer.alloc(size, 'x'))).toBe(true);
    },
  );

  it('refuses names, links and attributes too, and lets delete', () => {
    fill(65_536);
    fill(3000, '/g');
    fill(1, '/h');
    const codes = new Set<unknown>();
    for (let i = 0; i < 100_000 && !codes.has('ENOSPC'); i += 1) {
      codes.add(codeOf(() => fs.mkdirSync(`/directory with a long name ${'n'.repeat(200)}${i}`)));
    }
    expect(codes).toContain('ENOSPC');
    expect(codeOf(() => volume.xattr.set('/f0', 'user.a', Buffer.alloc(60_000)))).toBe('ENOSPC');
    for (const name of fs.readdirSync('/')) fs.rmSync(`/${name}`, { recursive: true });
    expect(volume.usage().inodes).toBe(1);
    expect(codeOf(() => fs.writeFileSync('/again', Buffer.alloc(8 * MiB)))).toBe('ok');
  });
});

describe('maxInodes', () => {
  it('is the number of files, directories and links that there can be', () => {
    volume = new Volume({ maxBytes, maxInodes: 100 });
    ({ fs } = volume);
    fs.mkdirSync('/d');
    fs.symlinkSync('d', '/s');
    expect(fill(10)).toBe(97);
    expect(volume.usage()).toMatchObject({ inodes: 100, maxInodes: 100 });
    expect(codeOf(() => fs.mkdirSync('/e'))).toBe('ENOSPC');
    expect(codeOf(() => fs.linkSync('/f0', '/link'))).toBe('ok');
    fs.unlinkSync('/f0');
    expect(codeOf(() => fs.mkdirSync('/e'))).toBe('ENOSPC');
    fs.unlinkSync('/link');
    expect(codeOf(() => fs.mkdirSync('/e'))).toBe('ok');
    const { files, ffree } = fs.statfsSync('/');
    expect([files, ffree]).toEqual([100, 0]);
  });
});

describe('large files', () => {
  it('can be sparse far beyond the limit', () => {
    volume = new Volume({ maxBytes });
    ({ fs } = volume);
    const fd = fs.openSync('/sparse', 'w+');
    const end = 2 ** 40;
    fs.writeSync(fd, 'end', end);
    expect(fs.fstatSync(fd).size).toBe(end + 3);
    expect(fs.fstatSync(fd).blocks).toBeLessThan(100);
    const buffer = Buffer.alloc(8, 1);
    expect(fs.readSync(fd, buffer, 0, 8, BigInt(end) - 2n)).toBe(5);
    expect(buffer.toString('latin1', 0, 5)).toBe('\0\0end');
    expect(codeOf(() => fs.readFileSync('/sparse'))).toBe('ERR_FS_FILE_TOO_LARGE');
    fs.closeSync(fd);
  });
});
