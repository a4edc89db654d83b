import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gc, list, memoryOpen, remove } from '@ram/memfile';
import { requirement, runNode } from '@ram/test-support';
import { afterEach, beforeEach, expect, it } from 'vitest';

// Two users share a directory in memory with the sticky bit, as /dev/shm is, and one on disk. This
// process, as root, sets the scene; `victim` is who uses memoryOpen, `stranger` who lays traps.

const root = requirement('root', process.geteuid?.() === 0, 'it needs root to become other users');
const victim = { uid: 60_001, gid: 60_001 };
const stranger = { uid: 60_002, gid: 60_002 };

root.describe('of another user', () => {
  let disk = '';
  let memory = '';
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'ram-memfile-strangers-'));
    memory = mkdtempSync('/dev/shm/ram-memfile-strangers-');
    for (const path of [disk, memory]) chmodSync(path, 0o1777);
  });
  afterEach(() => {
    for (const path of [disk, memory]) rmSync(path, { recursive: true, force: true });
  });

  const program = `
    import { readFileSync, symlinkSync, writeFileSync, unlinkSync } from 'node:fs';
    import { gc, list, memorize, memoryOpen, persist, remove } from '@ram/memfile';
    const [disk, memory, act] = process.argv.slice(-3);
    const path = disk + '/file';
    const put = async (text, options) => {
      const file = await memoryOpen(path, 'w', { directory: memory, ...options });
      await file.write(text);
      await file.close();
    };
    try {
      console.log((await eval('(async () => {' + act + '})()')) ?? 'done');
    } catch (error) {
      console.log(error.code);
    }`;
  const as = async (user: typeof victim, act: string): Promise<string> => {
    const { stdout, stderr } = await runNode(program, [disk, memory, act], {
      ...user,
      cwd: new URL('..', import.meta.url).pathname,
    });
    expect(stderr).toBe('');
    return stdout.trim();
  };

  it('a link to a content of the victim is not followed', async () => {
    await as(victim, `await put('secret')`);
    const content = readlinkSync(join(disk, 'file'));
    await as(stranger, `symlinkSync('${content}', disk + '/trap')`);
    for (const act of ["memoryOpen(disk + '/trap', 'w')", "remove(disk + '/trap')"]) {
      expect(await as(victim, `await ${act}`)).toBe('ERR_RAM_MEMFILE_FOREIGN_LINK');
    }
    expect(readFileSync(content, 'utf8')).toBe('secret');
  }, 60_000);

  it('a content that waits behind a stale link is neither read nor written', async () => {
    await as(victim, `await put('secret')`);
    const content = readlinkSync(join(disk, 'file'));
    for (const path of [content, `${content}.link`]) unlinkSync(path);
    await as(stranger, `writeFileSync('${content}', 'bait', { mode: 0o666 })`);
    for (const flags of ['r', 'w', 'a', 'r+']) {
      const act = `await memoryOpen(path, '${flags}', { directory: memory })`;
      expect(await as(victim, act)).toBe('ERR_RAM_MEMFILE_FOREIGN_CONTENT');
    }
    expect(await as(victim, 'await remove(path)')).toBe('ERR_RAM_MEMFILE_FOREIGN_CONTENT');
    expect(readFileSync(content, 'utf8')).toBe('bait');
  }, 60_000);

  it('a record is not believed, and does not stop anybody', async () => {
    await as(victim, `await put('mine')`);
    const content = readlinkSync(join(disk, 'file'));
    unlinkSync(`${content}.link`);
    await as(stranger, `symlinkSync('memfile:1:pid=1.1:/nowhere', '${content}.link')`);
    expect(await as(victim, `await gc({ directory: memory }); await put('again')`)).toBe('done');
    expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('again');
  }, 60_000);

  it('contents, links and files are left alone by gc, remove, persist and memorize', async () => {
    await as(stranger, `await put('theirs', { mode: 0o666 }); writeFileSync(disk + '/plain', 'x')`);
    const content = readlinkSync(join(disk, 'file'));
    const listed = await as(victim, 'return (await list({ directory: memory })).memfiles[0].uid');
    expect(listed).toBe(String(stranger.uid));
    expect(await as(victim, 'await remove(path)')).toBe('ERR_RAM_MEMFILE_FOREIGN_LINK');
    expect(await as(victim, 'await persist(path)')).toBe('ERR_RAM_MEMFILE_FOREIGN_LINK');
    expect(await as(victim, `await memorize(disk + '/plain', { directory: memory })`)).toBe(
      'ERR_RAM_MEMFILE_FOREIGN_CONTENT',
    );
    unlinkSync(join(disk, 'file'));
    await as(victim, 'await gc({ directory: memory, unrecorded: true })');
    await gc({ directory: memory, unrecorded: true });
    expect(readFileSync(content, 'utf8')).toBe('theirs');
    await as(stranger, 'await gc({ directory: memory })');
    expect(readdirSync(memory)).toEqual([]);
  }, 60_000);

  it('a directory that is theirs, or open to all, is refused', async () => {
    chmodSync(memory, 0o777);
    expect(await as(victim, `await put('x')`)).toBe('ERR_RAM_MEMFILE_UNSAFE_DIRECTORY');
    chmodSync(memory, 0o1777);
    chownSync(memory, stranger.uid, stranger.gid);
    expect(await as(victim, `await put('x')`)).toBe('ERR_RAM_MEMFILE_UNSAFE_DIRECTORY');
    chownSync(memory, 0, 0);
    chmodSync(memory, 0o700);
    expect(await as(victim, `await put('x')`)).toBe('EACCES');
  }, 60_000);

  it('a directory that may not be written to is EACCES, and nothing is made or lost', async () => {
    chmodSync(disk, 0o755);
    expect(await as(victim, `await put('x')`)).toBe('EACCES');
    expect(readdirSync(memory)).toEqual([]);
    chmodSync(disk, 0o1777);
    await as(victim, `await put('mine')`);
    chmodSync(disk, 0o755);
    expect(await as(victim, 'await remove(path)')).toBe('EACCES');
    expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('mine');
  }, 60_000);

  it('is protected from root who follows a link of theirs', async () => {
    await as(stranger, `await put('theirs')`);
    const path = join(disk, 'file');
    await expect(memoryOpen(path, 'w')).rejects.toMatchObject({
      code: 'ERR_RAM_MEMFILE_FOREIGN_LINK',
    });
    await expect(remove(path)).rejects.toMatchObject({ code: 'ERR_RAM_MEMFILE_FOREIGN_LINK' });
    const { memfiles } = await list({ directory: memory });
    expect(memfiles).toMatchObject([{ state: 'live', uid: stranger.uid }]);
    expect(existsSync(path)).toBe(true);
  }, 60_000);
});
