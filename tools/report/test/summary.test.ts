import { describe, expect, it } from 'vitest';
import { formatSummary } from '../summary.mjs';
import { emptyReport } from '../suite-report.mjs';

const fine = { ...emptyReport('@ram/errno test'), passed: 52 };
const part = {
  ...emptyReport('@ram/fuse test'),
  passed: 3,
  skipped: [
    { name: 'a', reason: 'FUSE: there is no /dev/fuse' },
    { name: 'b', reason: 'FUSE: there is no /dev/fuse' },
  ],
};
const bad = { ...emptyReport('lint'), failed: 1, failures: ['lint: exit code 1'] };

describe('the summary of a run', () => {
  it('ends with the count alone on a line', () => {
    expect(lastLine(formatSummary([fine]))).toBe('52 passed, 0 failed');
    expect(lastLine(formatSummary([fine, bad]))).toBe('52 passed, 1 failed');
    expect(lastLine(formatSummary([fine, part]))).toBe('55 passed, 0 failed, 2 skipped');
  });

  it('has a line for each suite, with what was not run and what failed', () => {
    expect(formatSummary([fine, part, bad])).toBe(
      [
        '  @ram/errno test  52 passed, 0 failed',
        '  @ram/fuse test   3 passed, 0 failed, 2 skipped',
        '  lint             0 passed, 1 failed',
        '',
        'Not run:',
        '  2: FUSE: there is no /dev/fuse (@ram/fuse test)',
        '',
        'Failed:',
        '  lint: lint: exit code 1',
        '',
        '55 passed, 1 failed, 2 skipped',
      ].join('\n'),
    );
  });
});

function lastLine(text: string): string | undefined {
  return text.split('\n').at(-1);
}
