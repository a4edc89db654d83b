import {
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memorize, memoryOpen, persist } from '@ram/memfile';
import { childNodeArguments, requirement, runCommand, runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { isLink, namesIn, usePlace } from './place.ts';

const isRoot = process.geteuid?.() === 0;
const root = requirement('root', isRoot, 'it needs root to give files to others');

describe('memorize and persist', () => {
  const place = usePlace();
  const directory = () => ({ directory: place.memory });

  it('keep bytes, mode, times and extended attributes', async () => {
    const path = place.at('file');
    writeFileSync(path, 'content');
    await runCommand('python3', ['-c', `import os; os.setxattr('${path}', 'user.note', b'kept')`]);
    chmodSync(path, 0o4751);
    utimesSync(path, 1_000_000_000.125, 1_100_000_000.0625);
    const before = statSync(path, { bigint: true });
    const same = { mode: before.mode, mtimeNs: before.mtimeNs, uid: before.uid, gid: before.gid };

    const { target } = await memorize(path, directory());
    expect([isLink(path), readlinkSync(path), target]).toEqual([true, target, target]);
    expect(statSync(path, { bigint: true })).toMatchObject(same);
    expect(await noteOf(path)).toBe('kept');
    expect(readFileSync(path, 'utf8')).toBe('content');

    await persist(path);
    expect(lstatSync(path, { bigint: true })).toMatchObject(same);
    expect(lstatSync(path).isFile()).toBe(true);
    expect(await noteOf(path)).toBe('kept');
    expect(readFileSync(path, 'utf8')).toBe('content');
    expect(namesIn(place)).toEqual({ disk: ['file'], memory: [] });
  });

  it('keep the access time', async () => {
    const path = place.at('file');
    writeFileSync(path, 'read by the copy');
    utimesSync(path, 1_000_000_000, 1_100_000_000);
    const { target } = await memorize(path, directory());
    expect(statSync(String(target)).atime.getTime()).toBe(1_000_000_000_000);
    await persist(path);
    expect(statSync(path).atime.getTime()).toBe(1_000_000_000_000);
  });

  root.it('keep the owner', async () => {
    const path = place.at('file');
    writeFileSync(path, 'theirs');
    chownSync(path, 1234, 5678);
    chmodSync(path, 0o6755);
    const same = { uid: 1234, gid: 5678, mode: statSync(path).mode };
    await memorize(path, directory());
    expect(statSync(path)).toMatchObject(same);
    await (await memoryOpen(path, 'r')).close();
    await persist(path);
    expect(lstatSync(path)).toMatchObject(same);
  });

  it('keep holes', async () => {
    const path = place.at('file');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 50_000_000);
    writeSync(fd, 'end', 20_000_000);
    closeSync(fd);
    await memorize(path, directory());
    expect(statSync(path)).toMatchObject({ size: 50_000_000 });
    expect(statSync(path).blocks * 512).toBeLessThan(100_000);
    await persist(path);
    expect(statSync(path).blocks * 512).toBeLessThan(100_000);
    const again = openSync(path, 'r');
    const bytes = Buffer.alloc(3);
    readSync(again, bytes, 0, 3, 20_000_000);
    expect([bytes.toString(), fstatSync(again).size]).toEqual(['end', 50_000_000]);
    closeSync(again);
  });

  it('refuse what a program has open, and change nothing', async () => {
    const path = place.at('file');
    writeFileSync(path, 'content');
    const fd = openSync(path, 'r');
    const inUse = { code: 'ERR_RAM_MEMFILE_IN_USE' };
    await expect(memorize(path, directory())).rejects.toMatchObject(inUse);
    expect(namesIn(place)).toEqual({ disk: ['file'], memory: [] });
    closeSync(fd);
    await memorize(path, directory());
    const again = openSync(path, 'r+');
    await expect(persist(path)).rejects.toMatchObject(inUse);
    expect(isLink(path)).toBe(true);
    await persist(path, { force: true });
    closeSync(again);
    expect(readFileSync(path, 'utf8')).toBe('content');
  });

  it('refuse hard links, directories, links and what is in memory already', async () => {
    writeFileSync(place.at('a'), '');
    linkSync(place.at('a'), place.at('b'));
    mkdirSync(place.at('folder'));
    symlinkSync('a', place.at('link'));
    writeFileSync(place.at('twice'), '');
    await memorize(place.at('twice'), directory());
    const codes = ['a', 'folder', 'link', 'twice', 'none'].map((name) =>
      memorize(place.at(name), directory()).catch(({ code }) => code),
    );
    expect(await Promise.all(codes)).toEqual([
      'ERR_RAM_MEMFILE_HARD_LINKS',
      'ERR_RAM_MEMFILE_DIRECTORY',
      'ERR_RAM_MEMFILE_FOREIGN_LINK',
      'ERR_RAM_MEMFILE_NOT_A_MEMFILE',
      'ENOENT',
    ]);
    await expect(persist(place.at('a'))).rejects.toMatchObject({
      code: 'ERR_RAM_MEMFILE_REGULAR_FILE',
    });
  });

  it('goes back by restore, by `await using`, and at the end of the process', async () => {
    const path = place.at('file');
    writeFileSync(path, 'content');
    const { restore } = await memorize(path, directory());
    await restore();
    expect(lstatSync(path).isFile()).toBe(true);
    {
      await using moved = await memorize(path, directory());
      expect(isLink(String(moved.path))).toBe(true);
    }
    expect(lstatSync(path).isFile()).toBe(true);
    const program = `
      import { appendFileSync } from 'node:fs';
      import { memorize } from '@ram/memfile';
      const [path, directory] = process.argv.slice(-2);
      await memorize(path, { directory, restore: true });
      appendFileSync(path, ' changed');
      process.exit(7);`;
    const { code, stderr } = await runNode(program, [path, place.memory]);
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' });
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('content changed');
    expect(namesIn(place)).toEqual({ disk: ['file'], memory: [] });
  });

  it('need a directory that is in memory, and room in it', async () => {
    writeFileSync(place.at('file'), 'content');
    await expect(memorize(place.at('file'), { directory: '/' })).rejects.toMatchObject({
      code: 'ERR_RAM_MEMFILE_NOT_RAM',
    });
    expect(readFileSync(place.at('file'), 'utf8')).toBe('content');
  });
});

describe('a full tmpfs', () => {
  const place = usePlace();
  root.it('is ENOSPC about the path, and leaves nothing', async () => {
    const script = new URL('./child/full-tmpfs.ts', import.meta.url);
    const args = ['--mount', '--propagation=private', process.execPath];
    const { stdout, stderr } = await runCommand('unshare', [
      ...args,
      ...childNodeArguments,
      fileURLToPath(script),
      place.memory,
      place.disk,
    ]);
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
  });
});

async function noteOf(path: string): Promise<string> {
  const program = `import os; print(os.getxattr('${path}', 'user.note').decode(), end='')`;
  return (await runCommand('python3', ['-c', program])).stdout;
}
