import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { openLog } from './log.ts';

describe('openLog', () => {
  const directory = temporaryDirectory();

  it('writes a line of JSON for each event, for its user only, after what is there', () => {
    const path = join(directory, 'a.log');
    writeFileSync(path, 'before\n', { mode: 0o600 });
    const log = openLog(path);
    log.write('info', 'mounted', { name: 'two\nlines' });
    log.close();
    log.write('info', 'too late');
    log.close();
    const [before, line, end] = readFileSync(path, 'utf8').split('\n');
    expect([before, end]).toEqual(['before', '']);
    expect(JSON.parse(line ?? '')).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'info',
      event: 'mounted',
      pid: process.pid,
      name: 'two\nlines',
    });
    expect(statSync(openLog(join(directory, 'new.log')).path).mode & 0o777).toBe(0o600);
  });

  it('starts anew when it has become long', () => {
    const path = join(directory, 'long.log');
    writeFileSync(path, '');
    truncateSync(path, 5 * 2 ** 20);
    openLog(path).close();
    expect(existsSync(`${path}.1`)).toBe(true);
    expect(statSync(path).size).toBe(0);
  });
});
