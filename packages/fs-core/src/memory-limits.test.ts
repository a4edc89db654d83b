import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { cgroupLimitBytes, defaultMaxBytes, totalMemoryBytes } from './memory-limits.ts';

function limitOf(files: Record<string, string>): number | undefined {
  return cgroupLimitBytes((path) => files[path]);
}

const v2Mount = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';

describe('cgroupLimitBytes', () => {
  it('is the lowest limit up to the root (v2)', () => {
    const files = {
      '/proc/self/mountinfo': v2Mount,
      '/proc/self/cgroup': '0::/user.slice/session.scope\n',
      '/sys/fs/cgroup/user.slice/session.scope/memory.max': '8000000000\n',
      '/sys/fs/cgroup/user.slice/memory.max': '3000000000\n',
    };
    expect(limitOf(files)).toBe(3_000_000_000);
  });

  it('is undefined where all say max (v2)', () => {
    const files = {
      '/proc/self/mountinfo': v2Mount,
      '/proc/self/cgroup': '0::/a\n',
      '/sys/fs/cgroup/a/memory.max': 'max\n',
    };
    expect(limitOf(files)).toBeUndefined();
  });

  it('is at the mount in a container (v2)', () => {
    const files = {
      '/proc/self/mountinfo': v2Mount,
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': '536870912\n',
    };
    expect(limitOf(files)).toBe(2 ** 29);
  });

  it('is found when the mount begins at the container (v1)', () => {
    const files = {
      '/proc/self/mountinfo':
        '40 30 0:35 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
      '/proc/self/cgroup': '5:cpu,cpuacct:/x\n4:memory:/docker/abc\n1:name=systemd:/x\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '268435456\n',
    };
    expect(limitOf(files)).toBe(2 ** 28);
  });

  it('takes the huge number of v1 for no limit', () => {
    const files = {
      '/proc/self/mountinfo': '40 30 0:35 / /cg/memory rw - cgroup cgroup rw,memory\n',
      '/proc/self/cgroup': '4:memory:/a/b\n',
      '/cg/memory/a/b/memory.limit_in_bytes': '9223372036854771712\n',
      '/cg/memory/a/memory.limit_in_bytes': '1000000\n',
    };
    expect(limitOf(files)).toBe(1_000_000);
    delete (files as Record<string, string>)['/cg/memory/a/memory.limit_in_bytes'];
    expect(limitOf(files)).toBeUndefined();
  });

  it('is undefined without cgroups, and with files that make no sense', () => {
    expect(limitOf({})).toBeUndefined();
    expect(
      limitOf({ '/proc/self/mountinfo': 'x - y\n\n - ', '/proc/self/cgroup': 'what\n::\n0::\n' }),
    ).toBeUndefined();
  });
});

describe('defaultMaxBytes', () => {
  it('is at most half of RAM', () => {
    expect(defaultMaxBytes()).toBeGreaterThan(0);
    expect(defaultMaxBytes()).toBeLessThanOrEqual(totalmem() / 2);
    expect(totalMemoryBytes()).toBeGreaterThanOrEqual(totalmem());
  });
});
