import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requirement, runCommand } from '@ram/test-support';
import { expect, it } from 'vitest';

interface Report {
  requests: { case: string; nanoseconds: number; shared: number; inode: number }[];
  clients: { operation: string; contender: string; one: { perSecond: number }; gain: number }[];
}

const bench = fileURLToPath(new URL('../bin/bench.js', import.meta.url));
const timeoutMs = 600_000; // the first time it compiles driver and store

async function run(...cases: string[]): Promise<Report> {
  const args = [bench, 'fs', 'parallel', '--quick', '--json', ...cases];
  const { stdout, stderr, code } = await runCommand(process.execPath, args, { timeoutMs });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as Report;
}

// Exact: counted in a build whose locks are counted, each thread on files of its own.
it(
  'requests for different files take no lock in common',
  async () => {
    const names = ['getattr', 'lookup', 'open+release', 'rename', 'read 4 KiB', 'write 4 KiB'];
    const { requests } = await run(...names);
    const own = requests.filter((row) => !row.case.endsWith('same file'));
    expect(own.map((row) => row.case)).toEqual(expect.arrayContaining(names));
    for (const { case: name, shared, inode } of own) {
      // Pages of names and files come from the pool that all share a few at a time.
      const most = name.startsWith('create') || name === 'rename' ? 0.2 : 0;
      expect({ name, few: shared <= most, inode }).toEqual({ name, few: true, inode: 0 });
    }
  },
  timeoutMs,
);

const rootMounts = requirement(
  'mounting as root',
  process.geteuid?.() === 0 && existsSync('/dev/fuse'),
  'takes root and /dev/fuse',
);

rootMounts.it(
  'measures one client and two, on every mount',
  async () => {
    const { clients } = await run('open+close', 'read 128 KiB');
    const contenders = ['tmpfs', 'passthrough', 'cached', 'direct'];
    expect(clients.map(({ operation, contender }) => [contender, operation])).toEqual(
      contenders.flatMap((name) => ['open+close', 'read 128 KiB'].map((what) => [name, what])),
    );
    expect(clients.filter(({ one, gain }) => !(one.perSecond > 0 && gain > 0))).toEqual([]);
  },
  timeoutMs,
);
