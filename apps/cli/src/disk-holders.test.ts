import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { findDiskHolders } from './disk-holders.ts';

describe('findDiskHolders', () => {
  const proc = temporaryDirectory();

  const addProcess = (pid: number, links: Record<string, string>, maps = ''): void => {
    const directory = join(proc, String(pid));
    mkdirSync(join(directory, 'fd'), { recursive: true });
    writeFileSync(join(directory, 'comm'), `program-${pid}\n`);
    writeFileSync(join(directory, 'maps'), maps);
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(directory, name));
  };

  addProcess(1, { cwd: '/mnt/disk', root: '/' });
  addProcess(2, { cwd: '/', 'fd/3': '/mnt/disk/open file' });
  addProcess(3, { cwd: '/mnt/disk-two', 'fd/0': 'pipe:[1]' });
  const map = '7f0000000000-7f0000001000 r--s 00000000 00:2a 5       ';
  addProcess(4, { cwd: '/' }, `${map}\n${map}/mnt/disk/mapped (deleted)\n`);
  mkdirSync(join(proc, 'sys'));
  mkdirSync(join(proc, '5'));

  it('finds them by their directory, descriptors and mappings', () => {
    expect(findDiskHolders('/mnt/disk', proc)).toEqual([
      { pid: 1, command: 'program-1', path: '/mnt/disk' },
      { pid: 2, command: 'program-2', path: '/mnt/disk/open file' },
      { pid: 4, command: 'program-4', path: '/mnt/disk/mapped (deleted)' },
    ]);
  });

  it('looks at the real /proc', () => {
    expect(findDiskHolders(process.cwd())).toContainEqual(
      expect.objectContaining({ pid: process.pid }),
    );
  });
});
