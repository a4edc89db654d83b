import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { requirement, runNode, temporaryDirectory } from '@ram/test-support';
import { expect } from 'vitest';

const fuse = requirement('FUSE', canMount(), 'there is no /dev/fuse for this user');
const directory = temporaryDirectory();

function canMount(): boolean {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

fuse.it(
  'content in a mounted Volume counts there, is collected there, and moves to disk',
  async () => {
    const [mount, disk] = ['mount', 'disk'].map((name) => join(directory, name));
    for (const path of [mount, disk]) mkdirSync(path ?? '');
    const script = new URL('./child/in-volume.ts', import.meta.url);
    const result = await runNode(script, [mount ?? '', disk ?? ''], { timeoutMs: 110_000 });
    expect(result).toMatchObject({ stdout: 'ok\n', stderr: '', timedOut: false });
  },
  120_000,
);
