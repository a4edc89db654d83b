import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { probe } from '@ram/fuse';
import { requirement, runNode, temporaryDirectory } from '@ram/test-support';
import { describe, expect } from 'vitest';

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

const passthrough = requirement(
  'FUSE passthrough',
  (await probe()).passthrough,
  'it needs Linux 6.9 and root',
);

describe.each([
  [fuse, 'cached'],
  [passthrough, 'passthrough'],
] as const)('in a mounted Volume', (needed, io) => {
  needed.it(
    `content counts there, is collected there, and moves to disk: ${io}`,
    async () => {
      const [mount = '', disk = ''] = ['mount', 'disk'].map((name) => join(directory, io, name));
      for (const path of [mount, disk]) mkdirSync(path, { recursive: true });
      const script = new URL('./child/in-volume.ts', import.meta.url);
      const result = await runNode(script, [mount, disk, io]);
      expect(result).toMatchObject({ stdout: 'ok\n', stderr: '', timedOut: false });
    },
    120_000,
  );
});
