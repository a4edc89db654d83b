import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/**
 * A new empty folder, removed after the tests of the file or the `describe` it is called in.
 * Call it at the top of a test file, in a `describe` body or in `beforeAll`.
 */
export function temporaryDirectory(prefix = 'ram-test-'): string {
  const path = mkdtempSync(join(tmpdir(), prefix));
  afterAll(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  return path;
}
