import { holdIoUring, ioUringMounts } from '@ram/test-support';
import { afterAll, beforeAll } from 'vitest';

const suites = [
  'contention',
  'events',
  'io-pairs',
  'lifecycle',
  'mount-point',
  'never-hangs',
  'passthrough',
  'plain-user',
  'programs',
  'real-programs',
  'subdirectory',
  'who-gets-in',
];

/**
 * Makes the suites' tests part of the file that calls this, with what test/child/mount.ts reads.
 * Not events with passthrough, which has none of reads and writes.
 */
export async function runAnotherWay(environment: Record<string, string>): Promise<void> {
  if (!ioUringMounts.available) {
    ioUringMounts.it(JSON.stringify(environment), () => {});
    return;
  }
  let letGo = () => {};
  beforeAll(() => {
    letGo = holdIoUring();
  });
  afterAll(() => letGo());
  Object.assign(process.env, environment);
  for (const suite of suites) {
    if (suite === 'events' && environment.RAM_TEST_IO === 'passthrough') continue;
    await import(`./${suite}.test.ts`);
  }
}
