import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { checkPrivateDirectory, ensurePrivateDirectory, findPlaces, logPath } from './places.ts';

const own = process.geteuid?.() ?? 0;
const someone = own + 1000;
const initial = { isInitial: true, outsideUid: own, isAmbiguous: false };
const notPermitted = expect.objectContaining({ code: 'ERR_RAM_NOT_PERMITTED' });

describe('findPlaces', () => {
  it('gives root the places of the system', () => {
    const environment = { XDG_RUNTIME_DIR: '/run/user/0', HOME: '/root' };
    const places = findPlaces(environment, 0, initial, () => false);
    expect(places).toEqual({ runtime: '/run/ram', logs: '/var/log/ram' });
    expect(logPath(places)).toBe('/var/log/ram/ramd.log');
  });

  it('gives others a folder in /tmp and in their home', () => {
    expect(findPlaces({ HOME: '/home/a' }, someone, initial, () => true)).toEqual({
      runtime: `/tmp/ram-${someone}`,
      logs: '/home/a/.local/state/ram',
    });
  });

  it('follows XDG_RUNTIME_DIR when it belongs to the user, and XDG_STATE_HOME', () => {
    const directory = temporaryDirectory();
    const environment = { HOME: '/x', XDG_RUNTIME_DIR: directory, XDG_STATE_HOME: '/state' };
    const expected = own === 0 ? '/run/ram' : join(directory, 'ram');
    expect(findPlaces(environment, own, initial).runtime).toBe(expected);
    expect(findPlaces(environment, someone, initial, () => true)).toEqual({
      runtime: `/tmp/ram-${someone}`,
      logs: '/state/ram',
    });
  });

  it('puts the log beside the sockets where a home is not writable', () => {
    expect(findPlaces({ HOME: '/nonexistent' }, someone, initial, () => false)).toEqual({
      runtime: `/tmp/ram-${someone}`,
      logs: `/tmp/ram-${someone}/log`,
    });
  });

  it('gives root of a user namespace the places of the user, where not those of root', () => {
    const inside = { isInitial: false, outsideUid: someone, isAmbiguous: false };
    const own = (path: string): boolean => path.startsWith('/home');
    const runtime = `/tmp/ram-${someone}`;
    const logs = '/home/a/.local/state/ram';
    expect(findPlaces({ HOME: '/home/a' }, 0, inside, own)).toEqual({ runtime, logs });
    // As in containers.
    const system = { runtime: '/run/ram', logs: '/var/log/ram' };
    expect(findPlaces({ HOME: '/home/a' }, 0, inside, () => true)).toEqual(system);
  });

  it('takes RAM_RUNTIME_DIR and RAM_LOG_DIR before all else', () => {
    const environment = { RAM_RUNTIME_DIR: '/r', RAM_LOG_DIR: '/l' };
    expect(findPlaces(environment, 0)).toEqual({ runtime: '/r', logs: '/l' });
  });

  it('refuses relative ones', () => {
    expect(() => findPlaces({ RAM_RUNTIME_DIR: 'x' }, 0)).toThrow(
      expect.objectContaining({ code: 'ERR_RAM_USAGE' }),
    );
  });
});

describe('ensurePrivateDirectory', () => {
  const directory = temporaryDirectory();
  const modeOf = (path: string): number => statSync(path).mode & 0o7777;

  it('makes it, for its user only', () => {
    const path = join(directory, 'a', 'b');
    ensurePrivateDirectory(path);
    expect(modeOf(path)).toBe(0o700);
    ensurePrivateDirectory(path);
  });

  it('closes one that is open to others', () => {
    const path = join(directory, 'open');
    mkdirSync(path);
    chmodSync(path, 0o777);
    ensurePrivateDirectory(path);
    expect(modeOf(path)).toBe(0o700);
  });

  it('refuses a link, even to a directory of the user', () => {
    const path = join(directory, 'link');
    symlinkSync(directory, path);
    expect(() => ensurePrivateDirectory(path)).toThrow(notPermitted);
  });

  it('is checked without being made', () => {
    const path = join(directory, 'later');
    expect(() => checkPrivateDirectory(path)).not.toThrow();
    expect(existsSync(path)).toBe(false);
    expect(() => checkPrivateDirectory(directory)).not.toThrow();
    expect(() => checkPrivateDirectory(directory, someone)).toThrow(notPermitted);
  });

  it('says where none can be made', () => {
    expect(() => ensurePrivateDirectory('/proc/none/ram')).toThrow(notPermitted);
  });

  it('refuses a file, and what belongs to someone else', () => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    expect(() => ensurePrivateDirectory(path)).toThrow(notPermitted);
    expect(() => ensurePrivateDirectory(directory, someone)).toThrow(notPermitted);
    expect(() => ensurePrivateDirectory(join(path, 'below'))).toThrow(notPermitted);
  });
});
