import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { checkMountPoint, resolveMountPoint } from './mount-point.ts';

const withCode = (code: string) =>
  expect.objectContaining({ code, hint: expect.stringMatching(/^[^\n]+$/) });

describe('resolveMountPoint', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'real', 'inner'), { recursive: true });
  symlinkSync('real', join(directory, 'link'));
  symlinkSync(join(directory, 'link', 'inner'), join(directory, 'far'));
  symlinkSync('round', join(directory, 'round'));

  it('follows symbolic links at every place of the path', () => {
    const inner = join(directory, 'real', 'inner');
    expect(resolveMountPoint(join(directory, 'link', 'inner'))).toBe(inner);
    expect(resolveMountPoint(join(directory, 'far', '.', '..', 'inner', '/'))).toBe(
      join(directory, 'inner'),
    );
    expect(resolveMountPoint(join(directory, 'far'))).toBe(inner);
    expect(resolveMountPoint('/')).toBe('/');
  });

  it('keeps what does not exist as it is written', () => {
    const path = join(directory, 'none', 'below');
    expect(resolveMountPoint(path)).toBe(path);
  });

  it('does not look at mount points', () => {
    // A link there could only be seen by a look at it.
    const link = join(directory, 'link');
    const entry = { id: 1, device: '0:1', directory: link, options: [], type: 'x', source: '' };
    expect(resolveMountPoint(link, [entry])).toBe(link);
  });

  it('gives up on links in a circle', () => {
    expect(() => resolveMountPoint(join(directory, 'round'))).toThrow(
      expect.objectContaining({ code: 'ERR_RAM_NO_MOUNT_POINT' }),
    );
  });
});

describe('checkMountPoint', () => {
  const directory = temporaryDirectory();
  const empty = join(directory, 'empty');
  mkdirSync(empty);
  writeFileSync(join(directory, 'file'), '');

  it('takes an empty directory', () => {
    expect(() => checkMountPoint(empty)).not.toThrow();
  });

  it('says what is in the way', () => {
    expect(() => checkMountPoint(join(directory, 'none'))).toThrow(
      withCode('ERR_RAM_NO_MOUNT_POINT'),
    );
    expect(() => checkMountPoint(join(directory, 'file'))).toThrow(
      withCode('ERR_RAM_NOT_A_DIRECTORY'),
    );
    expect(() => checkMountPoint(join(directory, 'file', 'below'))).toThrow(
      withCode('ERR_RAM_NOT_A_DIRECTORY'),
    );
    expect(() => checkMountPoint(directory)).toThrow(withCode('ERR_RAM_NOT_EMPTY'));
    expect(() => checkMountPoint(directory, { nonempty: true })).not.toThrow();
  });

  it("takes another user's directory only where that shares it", () => {
    expect(() => checkMountPoint(empty, { uid: 12_345 })).not.toThrow();
    chmodSync(empty, 0o1777);
    expect(() => checkMountPoint(empty, { uid: 12_345 })).toThrow(
      withCode('ERR_RAM_NOT_PERMITTED'),
    );
    expect(() => checkMountPoint(empty, { uid: 0 })).not.toThrow();
  });
});
