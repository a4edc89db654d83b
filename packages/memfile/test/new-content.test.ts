import {
  closeSync,
  constants,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { list, memoryOpen, memoryOpenSync } from '@ram/memfile';
import { beforeEach, expect, it } from 'vitest';
import { emptyPlace, namesIn, usePlace } from './place.ts';

// The second file in a directory is made in one call of the addon, or in one turn of the pool.

const place = usePlace();
const codeOf = (error: NodeJS.ErrnoException): string | undefined => error.code;

beforeEach(() => {
  closeSync(memoryOpenSync(place.at('first'), 'w', { directory: place.memory }));
  emptyPlace(place);
});

const ways = {
  memoryOpen: async (name: string, flags: string, mode = 0o700) => {
    await using file = await memoryOpen(place.at(name), flags, { directory: place.memory, mode });
    await file.write('text');
  },
  memoryOpenSync: async (name: string, flags: string, mode = 0o700) => {
    const fd = memoryOpenSync(place.at(name), flags, { directory: place.memory, mode });
    writeSync(fd, 'text');
    closeSync(fd);
  },
};

it.each(Object.entries(ways))('%s leaves what the first one does', async (_, open) => {
  for (const [flags, mode] of [
    ['w', 0o700],
    ['ax', 0o600],
    ['a+', 0o400],
  ] as const) {
    await open('file', flags, mode);
    const target = readlinkSync(place.at('file'));
    const record = new RegExp(`^memfile:1:pid=${process.pid}\\.\\d+:${place.at('file')}$`);
    expect(readlinkSync(`${target}.link`)).toMatch(record);
    expect(readFileSync(place.at('file'), 'utf8')).toBe('text');
    const { memfiles } = await list({ directory: place.memory });
    expect(memfiles).toMatchObject([{ state: 'live', inUse: false }]);
    expect(statSync(target).mode).toBe(constants.S_IFREG | mode);
    emptyPlace(place);
  }
});

it.each(Object.entries(ways))('%s that is refused leaves nothing', async (_, open) => {
  writeFileSync(place.at('taken'), 'mine');
  expect(await open('taken', 'w').catch(codeOf)).toBe('ERR_RAM_MEMFILE_REGULAR_FILE');
  expect(await open('none/file', 'w').catch(codeOf)).toBe('ENOENT');
  expect(await open('taken/file', 'a').catch(codeOf)).toBe('ENOTDIR');
  expect(await open('n'.repeat(256), 'wx').catch(codeOf)).toBe('ENAMETOOLONG');
  expect(namesIn(place)).toEqual({ disk: ['taken'], memory: [] });
  expect(readFileSync(place.at('taken'), 'utf8')).toBe('mine');
});

it('of many that make one file exclusively one does', async () => {
  const calls = Array.from({ length: 16 }, () => ways.memoryOpen('file', 'wx').catch(codeOf));
  const outcomes = await Promise.all(calls);
  expect(outcomes.filter((code) => code !== 'EEXIST')).toEqual([undefined]);
  expect(namesIn(place)).toEqual({ disk: ['file'], memory: ['file~', 'file~.link'] });
});

it('many that append to one new file all do', async () => {
  await Promise.all(Array.from({ length: 16 }, () => ways.memoryOpen('file', 'a')));
  expect(readFileSync(place.at('file'), 'utf8')).toBe('text'.repeat(16));
  expect(namesIn(place)).toEqual({ disk: ['file'], memory: ['file~', 'file~.link'] });
});
