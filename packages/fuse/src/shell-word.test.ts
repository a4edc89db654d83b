import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from './shell-word.ts';

it.each([
  ['/mnt/ram-1', '/mnt/ram-1'],
  ['/mnt/a b', "'/mnt/a b'"],
  ["/mnt/it's", String.raw`'/mnt/it'\''s'`],
  ['~/disk', "'~/disk'"],
  ['/mnt/a~', '/mnt/a~'],
  ['-p', './-p'],
  ['/a\nb', String.raw`$'/a\x0ab'`],
])('writes %j as %s', (path, word) => {
  expect(shellWord(path)).toBe(word);
});

it.each(['/a b', "/it's", '/a"$HOME`id`\\*?', "/a\n'\\b", '/ä €', '~root', '/a;b&c|d'])(
  'is read by a shell as it was: %j',
  (path) => {
    const script = `printf %s ${shellWord(path)}`;
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe(path);
  },
);
