import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { gc, list, memoryOpen, memoryOpenSync, remove, removeSync } from '@ram/memfile';
import type { MemoryFileHandle } from '@ram/memfile';
import { runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { isLink, namesIn, usePlace } from './place.ts';

describe('a handle', () => {
  const place = usePlace();
  const open = (flags: string, options = {}): Promise<MemoryFileHandle> =>
    memoryOpen(place.at('file'), flags, { directory: place.memory, ...options });

  it('is a FileHandle of Node: streams, lines, vectors, stat, truncate', async () => {
    await using file = await open('w+');
    expect(file.constructor.name).toBe('FileHandle');
    await file.writev([Buffer.from('one\n'), Buffer.from('two\n')]);
    await file.appendFile('three\n');
    const lines: string[] = [];
    for await (const line of file.readLines({ start: 0, autoClose: false })) lines.push(line);
    expect(lines).toEqual(['one', 'two', 'three']);
    expect((await file.stat()).size).toBe(14);
    await file.truncate(4);
    await file.sync();
    expect(await readAll(file)).toBe('one\n');
    await pipeline(['streamed'], file.createWriteStream({ start: 0 }));
    expect(readFileSync(place.at('file'), 'utf8')).toBe('streamed');
  });

  it('takes every zero for a mode', async () => {
    await using file = await open('w', { mode: -0 });
    expect((await file.stat()).mode & 0o777).toBe(0);
  });

  it('goes to another thread', async () => {
    const file = await open('w');
    const program = `
      const { workerData, parentPort } = require('node:worker_threads');
      workerData.write('from a thread').then(() => workerData.close())
        .then(() => parentPort.postMessage('written'));`;
    const workerData = file as unknown as FileHandle;
    const options = { eval: true, workerData, transferList: [workerData as never] };
    const worker = new Worker(program, options);
    expect(await once(worker, 'message')).toEqual(['written']);
    expect(readFileSync(place.at('file'), 'utf8')).toBe('from a thread');
    await worker.terminate();
  });

  it('is one that Node knows, in a worker too', async () => {
    const program = new URL('./child/in-worker.ts', import.meta.url);
    const result = await runNode(program, [place.disk, place.memory]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['r', 'r+', 'w', 'w+', 'a', 'a+', 'wx'])('unlinks itself in mode %s', async (flags) => {
    if (flags !== 'wx') await (await open('w')).close();
    await using file = await open(flags);
    await file.unlink();
    expect(namesIn(place)).toEqual({ disk: [], memory: [] });
    expect((await file.stat()).nlink).toBe(0);
    await file.unlink();
  });

  it('leaves alone what took the place of its link', async () => {
    await using file = await open('w');
    rmSync(place.at('file'));
    writeFileSync(place.at('file'), 'of another program');
    await file.unlink();
    expect(readFileSync(place.at('file'), 'utf8')).toBe('of another program');
    expect(namesIn(place).memory).toEqual([]);
  });

  it('closes at the end of its block, and with `temporary` is gone', async () => {
    let kept: MemoryFileHandle;
    {
      await using file = await open('w');
      kept = file;
    }
    expect([kept.fd, isLink(place.at('file'))]).toEqual([-1, true]);
    {
      await using file = await open('r', { temporary: true });
      expect(await file.readFile('utf8')).toBe('');
    }
    expect(namesIn(place)).toEqual({ disk: [], memory: [] });
    const closed = await open('w', { temporary: true });
    await pipeline(['x'], closed.createWriteStream());
    expect(namesIn(place)).toEqual({ disk: [], memory: [] });
  });

  it('makes no descriptor temporary, which nobody would remove', () => {
    expect(() => memoryOpenSync(place.at('file'), 'w', { temporary: true })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('becomes one of the file on disk, at its position', async () => {
    await using file = await open('w+');
    await file.write('hello');
    await file.persist();
    expect(lstatSync(place.at('file')).isFile()).toBe(true);
    expect(namesIn(place)).toEqual({ disk: ['file'], memory: [] });
    await file.write(' world');
    expect(readFileSync(place.at('file'), 'utf8')).toBe('hello world');
    expect((await file.stat()).ino).toBe(lstatSync(place.at('file')).ino);
  });

  it('keeps appending when it moved to disk, also elsewhere', async () => {
    await using file = await open('a');
    await file.write('one');
    await file.persist(place.at('other'));
    expect(namesIn(place)).toEqual({ disk: ['other'], memory: [] });
    writeFileSync(place.at('other'), 'longer than before');
    await file.write('!');
    expect(readFileSync(place.at('other'), 'utf8')).toBe('longer than before!');
  });

  it('is not persisted over a file that is there', async () => {
    await using file = await open('w');
    await file.write('mine');
    writeFileSync(place.at('other'), 'theirs');
    await expect(file.persist(place.at('other'))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(place.at('other'), 'utf8')).toBe('theirs');
    expect(readFileSync(place.at('file'), 'utf8')).toBe('mine');
    expect(readdirSync(place.disk).toSorted()).toEqual(['file', 'other']);
  });
});

describe('remove', () => {
  const place = usePlace();
  const make = async (name: string): Promise<string> => {
    const file = await memoryOpen(place.at(name), 'w', { directory: place.memory });
    await file.close();
    return String(file.target);
  };

  it('takes link, content and record, also when the content is gone', async () => {
    await make('a');
    await remove(place.at('a'));
    unlinkSync(await make('b'));
    removeSync(place.at('b'));
    expect(namesIn(place)).toEqual({ disk: [], memory: [] });
  });

  it('refuses everything else, and leaves it alone', async () => {
    writeFileSync(place.at('regular'), '');
    symlinkSync(place.at('regular'), place.at('link'));
    symlinkSync(place.at('nothing'), place.at('dangling'));
    const codes = ['none', 'regular', 'link', 'dangling', '.'].map((name) =>
      remove(place.at(name)).catch(({ code }) => code),
    );
    expect(await Promise.all(codes)).toEqual([
      'ENOENT',
      'ERR_RAM_MEMFILE_REGULAR_FILE',
      'ERR_RAM_MEMFILE_FOREIGN_LINK',
      'ERR_RAM_MEMFILE_DANGLING_FOREIGN_LINK',
      'ERR_RAM_MEMFILE_DIRECTORY',
    ]);
    expect(namesIn(place).disk).toEqual(['dangling', 'link', 'regular']);
  });
});

describe('list and gc', () => {
  const place = usePlace();
  const make = async (name: string, bytes = 'bytes'): Promise<string> => {
    const file = await memoryOpen(place.at(name), 'w', { directory: place.memory });
    await file.write(bytes);
    await file.close();
    return String(file.target);
  };
  const statesOf = async (options = {}): Promise<Record<string, string>> => {
    const { memfiles } = await list({ directory: place.memory, ...options });
    return Object.fromEntries(memfiles.map(({ link, state }) => [String(link), state]));
  };

  it('tell live, orphaned, stale and unrecorded ones, and free what can be freed', async () => {
    await make('live');
    await make('orphaned', 'x'.repeat(10_000));
    rmSync(place.at('orphaned'));
    unlinkSync(await make('stale'));
    const unrecorded = await make('unrecorded');
    unlinkSync(`${unrecorded}.link`);
    expect(await statesOf()).toEqual({
      [place.at('live')]: 'live',
      [place.at('orphaned')]: 'orphaned',
      [place.at('stale')]: 'stale',
      null: 'unrecorded',
    });
    const before = namesIn(place);
    const planned = await gc({ directory: place.memory, dryRun: true });
    expect(namesIn(place)).toEqual(before);
    const report = await gc({ directory: place.memory });
    expect({ ...report, dryRun: true }).toEqual(planned);
    expect(report.freedBytes).toBe(12_288);
    expect(report.memfiles.map(({ actions }) => actions)).toEqual([['freed'], ['link removed']]);
    expect(existsSync(unrecorded)).toBe(true);
    expect(await statesOf({ search: [place.disk] })).toEqual({
      [place.at('live')]: 'live',
      [place.at('unrecorded')]: 'live',
    });
    await (await memoryOpen(place.at('unrecorded'), 'r')).close();
    expect(await statesOf()).toHaveProperty([place.at('unrecorded')], 'live');
  });

  it('free unrecorded contents only when asked', async () => {
    unlinkSync(`${await make('a')}.link`);
    rmSync(place.at('a'));
    expect((await gc({ directory: place.memory })).memfiles).toEqual([]);
    await gc({ directory: place.memory, unrecorded: true });
    expect(namesIn(place).memory).toEqual([]);
  });

  it('find a link that was renamed, and with a search one that was moved', async () => {
    await make('a');
    renameSync(place.at('a'), place.at('b'));
    expect(await statesOf()).toEqual({ [place.at('b')]: 'live' });
    const elsewhere = `${place.memory}/sub`;
    mkdirSync(elsewhere);
    symlinkSync(readlinkSync(place.at('b')), `${elsewhere}/c`);
    rmSync(place.at('b'));
    expect(await statesOf()).toEqual({ [place.at('a')]: 'orphaned' });
    expect(await statesOf({ search: [elsewhere] })).toEqual({ [`${elsewhere}/c`]: 'live' });
    await gc({ directory: place.memory, search: [elsewhere] });
    expect(readFileSync(`${elsewhere}/c`, 'utf8')).toBe('bytes');
    // Opening it writes down where it is now.
    await (await memoryOpen(`${elsewhere}/c`, 'r')).close();
    expect(await statesOf()).toEqual({ [`${elsewhere}/c`]: 'live' });
  });

  it('leave alone what is open', async () => {
    const file = await memoryOpen(place.at('a'), 'w', { directory: place.memory });
    rmSync(place.at('a'));
    const { memfiles } = await list({ directory: place.memory });
    expect(memfiles).toMatchObject([{ state: 'orphaned', inUse: true }]);
    const [kept] = (await gc({ directory: place.memory })).memfiles;
    expect(kept).toMatchObject({ refusal: 'in use', actions: [] });
    await file.close();
    expect((await gc({ directory: place.memory })).freedBytes).toBe(0);
    expect(namesIn(place).memory).toEqual([]);
  });

  it('find stale links after a restart, of which nothing in memory tells', async () => {
    const target = await make('a');
    for (const path of [target, `${target}.link`]) unlinkSync(path);
    expect(await statesOf()).toEqual({});
    expect(await statesOf({ search: [place.disk] })).toEqual({ [place.at('a')]: 'stale' });
    await gc({ directory: place.memory, search: [place.disk] });
    expect(namesIn(place)).toEqual({ disk: [], memory: [] });
  });

  it('leave damaged and newer records alone, and say so', async () => {
    for (const [name, text] of [
      ['damaged', 'x'],
      ['newer', 'memfile:2:x'],
    ] as const) {
      const record = `${await make(name)}.link`;
      unlinkSync(record);
      symlinkSync(text, record);
    }
    const { memfiles } = await list({ directory: place.memory });
    expect(memfiles.map(({ state }) => state).toSorted()).toEqual(['damaged', 'newer']);
    rmSync(place.at('damaged'));
    await gc({ directory: place.memory, unrecorded: true });
    expect(namesIn(place).memory).toHaveLength(4);
  });
});

async function readAll(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
  return buffer.toString('utf8', 0, bytesRead);
}
