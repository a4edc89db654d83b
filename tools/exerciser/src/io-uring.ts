// Switches FUSE over io_uring on for the time of the tests in a file.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';

const parameter = '/sys/module/fuse/parameters/enable_uring';

function readParameter(): string | undefined {
  try {
    return readFileSync(parameter, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether this kernel has it, and this user may switch it on; then it is on while tests run. */
export function switchOnIoUring(): boolean {
  const before = readParameter();
  const available = before !== undefined && process.geteuid?.() === 0;
  beforeAll(() => {
    if (available) writeFileSync(parameter, 'Y');
  });
  afterAll(() => {
    if (available) writeFileSync(parameter, before);
  });
  return available;
}
