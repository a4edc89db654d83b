import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { findTraps, isEmptiedAtLogout } from './traps.ts';

describe('a trap', () => {
  const codesOf = (totalBytes: number, freeBytes: number): string[] =>
    findTraps('/dev/shm', { totalBytes, freeBytes }, '/nowhere').map(({ code }) => code);

  it('is a directory as small as in containers, or nearly full', () => {
    const mebibyte = 2 ** 20;
    expect(codesOf(64 * mebibyte, 60 * mebibyte)).toEqual(['small']);
    expect(codesOf(1024 * mebibyte, 10 * mebibyte)).toEqual(['nearly-full']);
    expect(codesOf(1024 * mebibyte, 500 * mebibyte)).toEqual([]);
  });
});

describe('RemoveIPC', () => {
  const person = { uid: 1000, username: 'ada' };
  let count = 0;
  const top = temporaryDirectory();
  const machine = (files: Record<string, string>): string => {
    const root = join(top, String(count++));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  };
  const logind = { 'run/systemd/seats/seat0': '' };

  it.each([
    ['without logind', {}, false],
    ['by default', logind, true],
    ['switched off', { ...logind, 'etc/systemd/logind.conf': '[Login]\nRemoveIPC=no\n' }, false],
    ['in a comment', { ...logind, 'etc/systemd/logind.conf': '#RemoveIPC=no\n' }, true],
    [
      'off in the main file and on in a later one',
      {
        ...logind,
        'etc/systemd/logind.conf': 'RemoveIPC=no',
        'usr/lib/systemd/logind.conf.d/50.conf': 'RemoveIPC=yes',
      },
      true,
    ],
    [
      'in a file that one of the same name in /etc replaces',
      {
        ...logind,
        'usr/lib/systemd/logind.conf.d/50.conf': 'RemoveIPC=yes',
        'etc/systemd/logind.conf.d/50.conf': 'RemoveIPC=off',
      },
      false,
    ],
    ['for a user who lingers', { ...logind, 'var/lib/systemd/linger/ada': '' }, false],
  ])('%s', (_, files, expected) => {
    expect(isEmptiedAtLogout(person, machine(files as Record<string, string>))).toBe(expected);
  });

  it('spares users of the system', () => {
    expect(isEmptiedAtLogout({ uid: 999, username: 'daemon' }, machine(logind))).toBe(false);
  });
});
