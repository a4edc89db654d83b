import { expect, it } from 'vitest';
import { FileEvent } from './volume-event.ts';
import { PathFilter } from './path-filter.ts';

function passes(
  filter: string | Buffer,
  path: string | Buffer | undefined,
  from?: string,
): boolean {
  const event = new FileEvent(undefined as never, 'written', 1, 1, 0, 1);
  event.path = path?.toString();
  if (Buffer.isBuffer(path)) event.pathBytes = path;
  event.fromPath = from;
  return PathFilter.of(filter, 'path')?.passes(event) ?? true;
}

it('passes the path and what is below it', () => {
  expect(passes('/a/b', '/a/b')).toBe(true);
  expect(passes('/a/b', '/a/b/c/d')).toBe(true);
  expect(passes('/a/b', '/a/bc')).toBe(false);
  expect(passes('/a/b', '/a')).toBe(false);
  expect(passes('/a/b', undefined)).toBe(false);
  expect(passes('/a/b', '/x', '/a/b/c')).toBe(true);
  expect(passes('/', undefined)).toBe(true);
});

it('takes paths as they are written', () => {
  for (const filter of ['a/b', '/a/b/', '/a/./b', '/a/x/../b', '//a//b', '/../a/b']) {
    expect(passes(filter, '/a/b/c')).toBe(true);
  }
});

it('tells bytes apart that are not UTF-8', () => {
  const [first, second] = [Buffer.from('/\xfe', 'latin1'), Buffer.from('/\xff', 'latin1')];
  expect(passes(first, first)).toBe(true);
  expect(passes(first, Buffer.concat([first, Buffer.from('/x')]))).toBe(true);
  expect(passes(first, second)).toBe(false);
  expect(passes(first, '/plain')).toBe(false);
});
