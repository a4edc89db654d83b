import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirement } from '@ram/test-support';
import { expect, it } from 'vitest';
import { Volume } from './volume.ts';

const tmpfs = requirement('a private tmpfs', hasTmpfs(), 'user namespaces are not allowed here');

function hasTmpfs(): boolean {
  using volume = new Volume({ maxBytes: '1M' });
  return volume.backing === 'tmpfs';
}

tmpfs.it('a file that becomes large moves to disk; descriptors and views go on', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ram-spill-'));
  using volume = new Volume({ maxBytes: '8M' });
  const { fs } = volume;
  const fd = fs.openSync('/log', 'a+');
  fs.writeSync(fd, Buffer.alloc(200_000, 'a'));
  const view = volume.view('/log');
  volume.spill('/log', { beyondBytes: '1M', directory });
  expect(volume.usage().bytes.external).toBe(0);
  // Twice what the Volume holds.
  for (let i = 0; i < 16; i++) fs.writeSync(fd, Buffer.alloc(2 ** 20, 'b'));
  expect(fs.fstatSync(fd).size).toBe(200_000 + 16 * 2 ** 20);
  expect(volume.usage().bytes.external).toBeGreaterThan(16 * 2 ** 20);
  expect(volume.usage().usedBytes).toBeLessThan(2 ** 20);
  expect(view.toString('latin1', 0, 5)).toBe('aaaaa');
  const other = fs.openSync('/log', 'r+');
  fs.writeSync(other, 'seen', 0);
  expect(view.toString('latin1', 0, 5)).toBe('seena');
  expect(volume.check()).toBeUndefined();
  fs.ftruncateSync(other, 0);
  fs.unlinkSync('/log');
  for (const open of [fd, other]) fs.closeSync(open);
  // The file on disk never had a name.
  expect(readdirSync(directory)).toEqual([]);
  rmdirSync(directory);
});

it('refuses what is no file, no directory, no size', () => {
  const directory = tmpdir();
  using volume = new Volume({ maxBytes: '1M' });
  volume.fs.writeFileSync('/file', '');
  const codeOf = (path: string, options: object): unknown => {
    try {
      volume.spill(path, options as never);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
    return 'done';
  };
  expect(codeOf('/none', { beyondBytes: 1, directory })).toBe('ENOENT');
  expect(codeOf('/', { beyondBytes: 1, directory })).toBe('EISDIR');
  expect(codeOf('/file', { beyondBytes: 1, directory: '/nowhere' })).toBe('ENOENT');
  const program = process.execPath;
  expect(codeOf('/file', { beyondBytes: 1, directory: program })).toBe('ENOTDIR');
  expect(codeOf('/file', { beyondBytes: 'much', directory })).toBe('ERR_RAM_INVALID_SIZE');
  expect(codeOf('/file', 5 as never)).toBe('ERR_INVALID_ARG_TYPE');
});
