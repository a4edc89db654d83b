// ram bench mount, on mounts of its own.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requirement, runCommand, temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/ram.js', import.meta.url));
const isRoot = process.geteuid?.() === 0;
const mounts = requirement(
  'mounting as root',
  isRoot && existsSync('/dev/fuse'),
  isRoot ? 'there is no /dev/fuse (modprobe fuse)' : 'the tests do not run as root',
);

const folder = temporaryDirectory();

const bench = (...args: string[]) =>
  runCommand(process.execPath, [bin, 'bench', 'mount', ...args], {
    env: { TMPDIR: folder },
  });

function leftInMemory(): string[] {
  return readdirSync('/dev/shm').filter((name) => name.startsWith('ram-bench-mount-'));
}

mounts.describe('ram bench mount', () => {
  mounts.it(
    'measures all contenders that there are, and leaves nothing',
    async () => {
      const before = leftInMemory();
      const { code, stdout, stderr } = await bench('open', 'unlink', '--quick', '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { contenders, missing, operations } = JSON.parse(stdout);
      expect(contenders).toEqual(expect.arrayContaining(['tmpfs', 'cached', 'direct']));
      const absent = missing.map(({ contender }: { contender: string }) => contender);
      expect([...contenders, ...absent].toSorted()).toEqual(
        ['cached', 'direct', 'fuse-native', 'io_uring', 'passthrough', 'tmpfs'].toSorted(),
      );
      const names = operations.map(({ operation }: { operation: string }) => operation);
      expect(names).toEqual(['open + close', 'unlink']);
      for (const { results } of operations) {
        expect(results).toHaveLength(contenders.length);
        for (const { microseconds } of results) expect(microseconds).toBeGreaterThan(0);
      }
      expect(leftInMemory()).toEqual(before);
      expect(readdirSync(folder)).toEqual([]);
    },
    60_000,
  );

  mounts.it('has the kernel driver as on an older kernel', async () => {
    const { stdout } = await bench('open', '--quick', '--json', '--kernel', '5.15');
    expect(JSON.parse(stdout).contenders).not.toContain('passthrough');
    expect(JSON.parse(stdout).contenders).toContain('cached');
    expect((await bench('open', '--kernel', '5.4')).code).toBe(2);
  });

  mounts.it('prints a table, and what it could not measure', async () => {
    const { code, stdout } = await bench('stat', '--quick');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^µs per operation +tmpfs .* FUSE +JavaScript\nstat +[\d.]+ /);
  });
});

describe('ram bench mount without such an operation', () => {
  it('is a wrong argument', async () => {
    const { code, stdout } = await bench('nothing', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error.code).toBe('ERR_RAM_USAGE');
  });
});
