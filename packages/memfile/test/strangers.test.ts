import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gc, list, memorize, memoryOpen, memoryOpenSync, persist, remove } from '@ram/memfile';
import { requirement } from '@ram/test-support';
import { afterEach, beforeEach, expect, it } from 'vitest';

// Two users share a directory in memory with the sticky bit, as /dev/shm is, and one on disk. Root
// sets the scene; `victim` is who uses memoryOpen, `stranger` who lays traps.

const root = requirement('root', process.geteuid?.() === 0, 'it needs root to become other users');
const victim = 60_001;
const stranger = 60_002;

/** What `act` gives as that user, or the code of its error. */
async function as(user: number, act: () => unknown): Promise<unknown> {
  process.setegid?.(user);
  process.seteuid?.(user);
  try {
    return (await act()) ?? 'done';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? error;
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

root.describe('of another user', () => {
  let disk = '';
  let memory = '';
  let path = '';
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'ram-memfile-strangers-'));
    memory = mkdtempSync('/dev/shm/ram-memfile-strangers-');
    path = join(disk, 'file');
    for (const folder of [disk, memory]) chmodSync(folder, 0o1777);
  });
  afterEach(() => {
    for (const folder of [disk, memory]) rmSync(folder, { recursive: true, force: true });
  });

  const put = async (text: string, options = {}): Promise<void> => {
    const file = await memoryOpen(path, 'w', { directory: memory, ...options });
    await file.write(text);
    await file.close();
  };

  it('a link to a content of the victim is not followed', async () => {
    await as(victim, () => put('secret'));
    const content = readlinkSync(path);
    const trap = join(disk, 'trap');
    await as(stranger, () => symlinkSync(content, trap));
    const foreign = 'ERR_RAM_MEMFILE_FOREIGN_LINK';
    expect(await as(victim, () => memoryOpen(trap, 'w'))).toBe(foreign);
    expect(await as(victim, () => remove(trap))).toBe(foreign);
    expect(readFileSync(content, 'utf8')).toBe('secret');
  });

  it('a content that waits behind a stale link is neither read nor written', async () => {
    await as(victim, () => put('secret'));
    const content = readlinkSync(path);
    for (const gone of [content, `${content}.link`]) unlinkSync(gone);
    await as(stranger, () => writeFileSync(content, 'bait', { mode: 0o666 }));
    const foreign = 'ERR_RAM_MEMFILE_FOREIGN_CONTENT';
    for (const flags of ['r', 'w', 'a', 'r+']) {
      const open = (): unknown => memoryOpen(path, flags, { directory: memory });
      expect(await as(victim, open)).toBe(foreign);
    }
    expect(await as(victim, () => remove(path))).toBe(foreign);
    expect(readFileSync(content, 'utf8')).toBe('bait');
  });

  it('a content in the place of one that was open before is not emptied', async () => {
    const open = (): void => closeSync(memoryOpenSync(path, 'w', { directory: memory }));
    for (let count = 0; count < 3; count++) expect(await as(victim, open)).toBe('done');
    const content = readlinkSync(path);
    unlinkSync(content);
    await as(stranger, () => writeFileSync(content, 'bait'));
    chmodSync(content, 0o666);
    expect(await as(victim, open)).toBe('ERR_RAM_MEMFILE_FOREIGN_CONTENT');
    expect(readFileSync(content, 'utf8')).toBe('bait');
  });

  it('a record is not believed, and does not stop anybody', async () => {
    await as(victim, () => put('mine'));
    const content = readlinkSync(path);
    unlinkSync(`${content}.link`);
    await as(stranger, () => symlinkSync('memfile:1:pid=1.1:/nowhere', `${content}.link`));
    await as(victim, () => gc({ directory: memory }));
    expect(await as(victim, () => put('again'))).toBe('done');
    expect(readFileSync(path, 'utf8')).toBe('again');
  });

  it('contents, links and files are left alone by gc, remove, persist and memorize', async () => {
    const plain = join(disk, 'plain');
    await as(stranger, () => put('theirs', { mode: 0o666 }));
    await as(stranger, () => writeFileSync(plain, 'x'));
    const content = readlinkSync(path);
    const listed = await as(victim, () => list({ directory: memory }));
    expect(listed).toMatchObject({ memfiles: [{ uid: stranger, state: 'live' }] });
    const foreign = 'ERR_RAM_MEMFILE_FOREIGN_LINK';
    expect(await as(victim, () => remove(path))).toBe(foreign);
    expect(await as(victim, () => persist(path))).toBe(foreign);
    const take = (): unknown => memorize(plain, { directory: memory });
    expect(await as(victim, take)).toBe('ERR_RAM_MEMFILE_FOREIGN_CONTENT');
    unlinkSync(path);
    for (const user of [victim, 0]) {
      const report = await as(user, () => gc({ directory: memory, unrecorded: true }));
      expect(report).toMatchObject({ memfiles: [{ refusal: 'not yours' }], freedBytes: 0 });
    }
    expect(readFileSync(content, 'utf8')).toBe('theirs');
    await as(stranger, () => gc({ directory: memory }));
    expect(readdirSync(memory)).toEqual([]);
  });

  it('a directory that is theirs, or open to all, is refused', async () => {
    chmodSync(memory, 0o777);
    expect(await as(victim, () => put('x'))).toBe('ERR_RAM_MEMFILE_UNSAFE_DIRECTORY');
    chmodSync(memory, 0o1777);
    chownSync(memory, stranger, stranger);
    expect(await as(victim, () => put('x'))).toBe('ERR_RAM_MEMFILE_UNSAFE_DIRECTORY');
    chownSync(memory, 0, 0);
    chmodSync(memory, 0o700);
    expect(await as(victim, () => put('x'))).toBe('EACCES');
  });

  it('a directory that may not be written to is EACCES, and nothing is made or lost', async () => {
    chmodSync(disk, 0o755);
    expect(await as(victim, () => put('x'))).toBe('EACCES');
    expect(readdirSync(memory)).toEqual([]);
    chmodSync(disk, 0o1777);
    await as(victim, () => put('mine'));
    chmodSync(disk, 0o755);
    expect(await as(victim, () => remove(path))).toBe('EACCES');
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('a link is not followed by root either', async () => {
    await as(stranger, () => put('theirs'));
    const refusal = { code: 'ERR_RAM_MEMFILE_FOREIGN_LINK' };
    await expect(memoryOpen(path, 'w')).rejects.toMatchObject(refusal);
    await expect(remove(path)).rejects.toMatchObject(refusal);
    expect(existsSync(path)).toBe(true);
  });
});
