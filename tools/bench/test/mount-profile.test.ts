import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requirement, runCommand } from '@ram/test-support';
import { expect } from 'vitest';

const bench = fileURLToPath(new URL('../bin/bench.js', import.meta.url));
const rootMounts = requirement(
  'git on a mount',
  process.geteuid?.() === 0 && existsSync('/dev/fuse') && existsSync('/usr/bin/git'),
  'takes root, /dev/fuse and git (apt-get install git)',
);

interface Row {
  operation: string;
  contenders: { contender: string; microseconds: number; requests: Record<string, number> }[];
}

rootMounts.it(
  'profiles a program on mounts by opcode',
  async () => {
    const args = [bench, 'mount-profile', '--quick', '--json', 'git clone', 'tmpfs', 'cached'];
    const { stdout, stderr, code } = await runCommand(process.execPath, args);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const [row, ...others] = JSON.parse(stdout) as Row[];
    expect(others).toEqual([]);
    expect(row?.contenders.map(({ contender }) => contender)).toEqual(['tmpfs', 'cached']);
    const [tmpfs, cached] = row?.contenders ?? [];
    expect(tmpfs?.requests).toEqual({});
    expect(cached?.requests.create).toBeGreaterThanOrEqual(200);
    expect(cached?.microseconds).toBeGreaterThan(0);
  },
  120_000,
);
