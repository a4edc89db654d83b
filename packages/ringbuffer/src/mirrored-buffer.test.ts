import { fileURLToPath } from 'node:url';
import { childNodeArguments, requirement, runCommand, temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { collectGarbage, countResources } from '../test/garbage.ts';
import { MirroredBuffer } from './index.ts';
import type { MirrorMaker } from './index.ts';
import { native } from './native.ts';

const page = native().pageBytes;
const makers: MirrorMaker[] = ['memfd', 'tmpfile', 'shm', 'mmap+shm', 'remap_file_pages'];
const isRoot = requirement('root', process.getuid?.() === 0, 'it mounts a small tmpfs');
const directory = temporaryDirectory();

function isRefused(maker: MirrorMaker): boolean {
  try {
    new MirroredBuffer(page, { maker }).free();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOSYS';
  }
}

for (const maker of makers) {
  const offered = requirement(maker, !isRefused(maker), 'the kernel refuses it');
  offered.describe(`mirrored memory by ${maker}`, () => {
    it('shows a write in either half in the other', () => {
      const mirror = new MirroredBuffer(3 * page, { maker });
      expect(mirror.sizeBytes).toBe(3 * page);
      expect(mirror.bytes.length).toBe(6 * page);
      expect(mirror.bytes.every((byte) => byte === 0)).toBe(true);
      mirror.bytes[5] = 1;
      mirror.bytes[6 * page - 1] = 2;
      expect(mirror.bytes[3 * page + 5]).toBe(1);
      expect(mirror.bytes[3 * page - 1]).toBe(2);
      mirror.free();
    });

    it('is freed at once: views get length 0, and a second time is EINVAL', () => {
      const before = countResources().mappings;
      const mirror = new MirroredBuffer(page, { maker });
      const view = mirror.bytes.subarray(1, 9);
      expect(countResources().mappings).toBeGreaterThan(before);
      mirror.free();
      expect(countResources().mappings).toBe(before);
      expect([mirror.freed, view.length, mirror.buffer.byteLength]).toEqual([true, 0, 0]);
      expect(view[0]).toBeUndefined();
      expect(() => mirror.free()).toThrow(
        expect.objectContaining({ code: 'EINVAL', errno: -22, syscall: 'munmap' }),
      );
      mirror[Symbol.dispose]();
    });

    it('is freed by the collector in 100 rounds of making and dropping', async () => {
      await makeAndDrop(maker, 2);
      const before = countResources();
      await makeAndDrop(maker, 100);
      const after = countResources();
      expect(after.mappings).toBe(before.mappings);
      expect(after.descriptors).toBe(before.descriptors);
      expect(after.sharedBytes - before.sharedBytes).toBeLessThan(2 ** 20);
    });
  });
}

async function makeAndDrop(maker: MirrorMaker, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++)
    new MirroredBuffer(16 * page, { maker }).bytes.fill(7);
  await collectGarbage();
}

describe('mirrored memory', () => {
  it('rounds up to pages, and an exact multiple not further', () => {
    for (const [size, rounded] of [
      [1, page],
      [page, page],
      [page + 1, 2 * page],
      [2 * page, 2 * page],
    ] as const) {
      using mirror = new MirroredBuffer(size);
      expect(mirror.sizeBytes).toBe(rounded);
    }
  });

  it('stays valid memory for a view whose buffer object was dropped', async () => {
    const view = new MirroredBuffer(page).bytes.subarray(10, 20);
    view.fill(9);
    await collectGarbage();
    expect(view.join()).toBe(Array.from({ length: 10 }).fill(9).join());
  });

  it('is reported to the collector, so that it runs without being asked', () => {
    const before = process.memoryUsage().external;
    const mirror = new MirroredBuffer(2 ** 24);
    expect(process.memoryUsage().external - before).toBeGreaterThanOrEqual(2 ** 24);
    mirror.free();
  });

  it('is not lost when JavaScript tries to move it elsewhere', async () => {
    const mirror = new MirroredBuffer(page);
    mirror.bytes[0] = 5;
    let moved: ArrayBuffer | undefined;
    try {
      moved = structuredClone(mirror.buffer, { transfer: [mirror.buffer] });
    } catch {
      // Node's answer from 22 on.
    }
    if (moved !== undefined) expect(new Uint8Array(moved)[0]).toBe(5);
    mirror.free();
    await collectGarbage();
    if (moved !== undefined) expect(new Uint8Array(moved)[0]).toBe(5);
  });

  it('takes a maker of the caller, and frees with its free', () => {
    const inner = new MirroredBuffer(2 * page);
    const maker = () => ({ buffer: inner.buffer, free: () => inner.free() });
    const mirror = new MirroredBuffer(2 * page, { maker });
    mirror.bytes[0] = 3;
    expect(inner.bytes[2 * page]).toBe(3);
    mirror.free();
    expect(inner.freed).toBe(true);
    expect(() => mirror.free()).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('refuses a maker whose memory is not mirrored', () => {
    const flat = (bytes: number) => ({ buffer: new ArrayBuffer(2 * bytes) });
    const short = (bytes: number) => ({ buffer: new ArrayBuffer(bytes) });
    for (const maker of [flat, short, () => undefined as never]) {
      expect(() => new MirroredBuffer(page, { maker })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
      );
    }
  });

  it('makes its file in the directory of choice', () => {
    using mirror = new MirroredBuffer(page, { maker: 'tmpfile', directory });
    expect(mirror.sizeBytes).toBe(page);
    expect(() => new MirroredBuffer(page, { maker: 'tmpfile', directory: '/nowhere' })).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'open', path: '/nowhere' }),
    );
    expect(() => new MirroredBuffer(page, { maker: 'tmpfile', directory: 5 as never })).toThrow(
      TypeError,
    );
  });

  for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 31 + 1, 2 ** 60]) {
    it(`refuses the size ${size}`, () => {
      expect(() => new MirroredBuffer(size)).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', name: 'RangeError' }),
      );
    });
  }

  it('refuses what is no size and no maker', () => {
    expect(() => new MirroredBuffer('4096' as never)).toThrow(TypeError);
    expect(() => new MirroredBuffer(page, { maker: 'mmap' as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  isRoot.it('finds a file system full when it is made, not later', async () => {
    const script = `
      import { MirroredBuffer } from '@ram/ringbuffer';
      try {
        new MirroredBuffer(2 ** 20, { maker: 'tmpfile', directory: process.argv[1] });
      } catch (error) {
        console.log(error.code, error.syscall);
      }`;
    const mountFirst = 'mount -t tmpfs -o size=64k none "$0" && exec "$@"';
    const node = [process.execPath, ...childNodeArguments, '--input-type=module', '--eval', script];
    const { stdout, stderr } = await runCommand(
      'unshare',
      ['-m', 'sh', '-c', mountFirst, directory, ...node, '--', directory],
      { cwd: fileURLToPath(new URL('..', import.meta.url)) },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'ENOSPC fallocate\n', stderr: '' });
  });
});
