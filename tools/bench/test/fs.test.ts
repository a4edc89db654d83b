import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requirement, runCommand } from '@ram/test-support';
import { expect, it } from 'vitest';

interface Row {
  operation: string;
  count: number;
  contenders: {
    contender: string;
    microseconds: number;
    ratio: number;
    requests?: Record<string, number>;
  }[];
}

const bench = fileURLToPath(new URL('../bin/bench.js', import.meta.url));

async function run(...cases: string[]): Promise<{ inProcess: Row[]; throughMount: Row[] }> {
  const args = [bench, 'fs', '--quick', '--json', ...cases];
  const { stdout, stderr, code } = await runCommand(process.execPath, args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as { inProcess: Row[]; throughMount: Row[] };
}

function checkNumbers(rows: Row[], contenders: string[]): void {
  for (const row of rows) {
    expect(row.contenders.map(({ contender }) => contender)).toEqual(contenders);
    const wrong = row.contenders.filter((one) => !(one.microseconds > 0 && one.ratio > 0));
    expect({ operation: row.operation, wrong }).toEqual({ operation: row.operation, wrong: [] });
  }
}

it('measures every operation in the process, beside memfs and tmpfs', async () => {
  const { inProcess, throughMount } = await run('inside');
  expect(throughMount).toEqual([]);
  expect(inProcess.length).toBeGreaterThan(20);
  checkNumbers(inProcess, ['volume.fs', 'node:fs on tmpfs', 'memfs']);
});

const rootMounts = requirement(
  'mounting as root',
  process.geteuid?.() === 0 && existsSync('/dev/fuse'),
  'takes root and /dev/fuse',
);

rootMounts.it(
  'measures mounts, and counts their requests exactly',
  async () => {
    const { inProcess, throughMount } = await run('mount');
    expect(inProcess).toEqual([]);
    checkNumbers(throughMount, ['tmpfs', 'passthrough', 'cached', 'direct']);
    const sent = (operation: string, contender: string): Record<string, number> => {
      const row = throughMount.find((one) => one.operation === operation);
      return row?.contenders.find((one) => one.contender === contender)?.requests ?? {};
    };
    for (const contender of ['cached', 'direct']) {
      expect(sent('null request', contender)).toEqual({ getattr: 1 });
      expect(sent('open+close', contender)).toMatchObject({ open: 1, release: 1 });
      expect(sent('create+close', contender)).toMatchObject({ create: 1, release: 1, lookup: 1 });
      expect(sent('unlink', contender)).toMatchObject({ unlink: 1 });
    }
    expect(sent('pread 4 KiB, small file', 'cached')).toEqual({});
    expect(sent('pread 4 KiB, small file', 'direct')).toEqual({ read: 1 });
    expect(sent('stat, known path', 'tmpfs')).toEqual({});
  },
  120_000,
);
