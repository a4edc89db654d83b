import { expect, it } from 'vitest';
import { emptyReport } from '../../report/suite-report.mjs';
import { formatResult } from '../result.mjs';

it('says what was run, where, and what was not', () => {
  const reports = [
    { ...emptyReport('@ram/errno test'), passed: 52 },
    {
      ...emptyReport('@ram/fuse test:full'),
      failed: 1,
      failures: ['a soak'],
      skipped: [{ name: 'io_uring', reason: 'the module parameter is off' }],
    },
  ];
  const run = {
    commit: 'abc1234',
    date: '2026-11-20 18:00',
    minutes: 7,
    node: 'v20.20.2',
    system: 'Linux 6.18.0, 2 CPUs, 23 GiB',
    user: 'root',
  };
  expect(formatResult(reports, run).split('\n').slice(4)).toEqual([
    'Commit abc1234, 2026-11-20 18:00 UTC, 7 minutes, as root.',
    'Linux 6.18.0, 2 CPUs, 23 GiB, Node v20.20.2.',
    '',
    '| suite               | passed | failed | not run |',
    '| ------------------- | -----: | -----: | ------: |',
    '| @ram/errno test     |     52 |      0 |       0 |',
    '| @ram/fuse test:full |      0 |      1 |       1 |',
    '',
    '- failed: @ram/fuse test:full: a soak',
    '- not run: @ram/fuse test:full: io_uring: the module parameter is off',
    '',
  ]);
});
