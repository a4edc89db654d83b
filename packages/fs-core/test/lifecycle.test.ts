import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { childNodeArguments, requirement, runCommand, runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { Volume } from '../src/index.ts';

const root = requirement('root', process.getuid?.() === 0, 'only root can become another user');
const nobody = 65_534;

function fixture(name: string): URL {
  return new URL(`fixtures/${name}.ts`, import.meta.url);
}

function runWithCollector(name: string, args: string[]) {
  const nodeArguments = ['--expose-gc', ...childNodeArguments, fixture(name).pathname];
  return runCommand(process.execPath, [...nodeArguments, ...args]);
}

describe('volumes', () => {
  it('leave nothing behind, closed or collected', async () => {
    const { stdout, stderr } = await runWithCollector('many-volumes', ['2000']);
    expect(stderr).toBe('');
    const { before, after } = JSON.parse(stdout) as Record<
      'before' | 'after',
      Record<string, number>
    >;
    // 100 were left to the collector, which is free to be a little late.
    expect(after['descriptors']).toBeLessThan((before['descriptors'] ?? 0) + 20);
    expect(after['mappings']).toBeLessThan((before['mappings'] ?? 0) + 50);
    expect(after['rssBytes']).toBeLessThan((before['rssBytes'] ?? 0) + 40e6);
  });

  it('are used by several threads at once, and survive the death of one', async () => {
    const { stdout, stderr, code } = await runNode(fixture('workers'), []);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      results: ['done', 'done', 'done', 1],
      lines: 8000,
      left: ['counter', 'left'],
      after: 'ERR_RAM_VOLUME_CLOSED',
    });
    expect(code).toBe(0);
  });

  root.it(
    'are there for a plain user too, in both kinds of backing',
    async () => {
      const options = { uid: nobody, gid: nobody };
      const { stdout, stderr } = await runNode(fixture('plain-user'), [], options);
      expect(stderr).toBe('');
      const found = JSON.parse(stdout) as Record<string, unknown>;
      const works = {
        uid: nobody,
        gid: nobody,
        root: nobody,
        view: 'xxxxxxxxxx',
        text: 'small',
        check: 'whole',
      };
      expect(found['memfd']).toEqual({ backing: 'memfd', ...works });
      expect(found['automatic']).toMatchObject(works);
      if (existsSync('/proc/self/ns/user')) {
        expect(found['tmpfs']).toEqual({ backing: 'tmpfs', ...works });
      }
      expect(found['noSwap']).toMatchObject({ code: 'ERR_RAM_SWAP_NOT_ALLOWED' });
      expect(found['fullMemfd']).toEqual(['ENOSPC', true]);
      expect(found['fullTmpfs']).toEqual(['ENOSPC', true]);
    },
    180_000,
  );
});

const noswap = requirement(
  'root and Linux 6.4',
  process.getuid?.() === 0 && isAtLeast(release(), 6, 4),
  'the kernel keeps a tmpfs out of swap from 6.4 on, for root',
);

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first > major || (first === major && second >= minor);
}

describe('swap: false', () => {
  noswap.it('gives root a volume that is never swapped out', () => {
    using volume = new Volume({ maxBytes: '4M', swap: false });
    volume.fs.writeFileSync('/a', Buffer.alloc(2_000_000));
    expect(volume.backing).toBe('tmpfs');
    expect(volume.usage().swappedBytes).toBe(0);
  });
});

describe('the addon', () => {
  it('survives arguments of every kind', async () => {
    const seed = '50'; // once a crash at the end of the process; soak.full.ts tries new ones
    const result = await runWithCollector('hostile-arguments', ['300', seed]);
    expect({ seed, ...result }).toMatchObject({
      code: 0,
      stderr: '',
      stdout: 'alive after true\n',
    });
  });
});

describe('a million files in one directory', () => {
  it('take at most 300 bytes each', async () => {
    const { stdout, stderr } = await runNode(fixture('million-files'), ['1000000']);
    expect(stderr).toBe('');
    const found = JSON.parse(stdout) as Record<string, number | string>;
    expect(found).toMatchObject({ inodes: 1_000_000, listed: 1_000_000, report: 'whole' });
    expect(found['bytesPerFile']).toBeLessThanOrEqual(300);
    // The segments are mapped, so they show in the process; its own heap is in it as well.
    expect(found['rssPerFile']).toBeLessThanOrEqual(400);
  });
});
