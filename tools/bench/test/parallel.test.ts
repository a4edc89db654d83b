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
    const names = ['getattr', 'lookup', 'open+release', 'read 4 KiB', 'write 4 KiB'];
    names.push('open+release, passed');
    const { requests } = await run(...names);
    // Those that make files, or turn small ones into blob files, take pages from what all share.
    const own = requests.filter((row) => !/create|passed small|same file$/.test(row.case));
    expect(own.map((row) => row.case)).toEqual(expect.arrayContaining(names));
    for (const { case: name, shared, inode } of own) {
      expect({ name, shared, inode }).toEqual({ name, shared: 0, inode: 0 });
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
