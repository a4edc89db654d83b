import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asRoot, BothSides } from './both-sides.ts';

let both: BothSides;

beforeEach(() => {
  both = new BothSides();
});

afterEach(() => both.close());

describe('attributes', () => {
  asRoot.it('change as on tmpfs', () => {
    both.same((fs, at) => {
      fs.writeFileSync(at('/a'), 'x');
      fs.chmodSync(at('/a'), 0o6755);
      fs.chownSync(at('/a'), 1, 2);
      return fs.statSync(at('/a'));
    });
    both.same((fs, at) => {
      fs.chmodSync(at('/a'), '0644');
      fs.lchownSync(at('/a'), -1, 5);
      return fs.statSync(at('/a'), { bigint: true });
    });
    for (const [accessed, modified] of [
      [0, 1],
      [1.25, '2.5'],
      [new Date(1234), new Date(5678)],
      [2 ** 33, 1_700_000_000.123456],
    ] as const) {
      both.same((fs, at) => {
        fs.utimesSync(at('/a'), accessed, modified);
        const { atimeNs, mtimeNs } = fs.statSync(at('/a'), { bigint: true });
        const { atimeMs, mtime } = fs.statSync(at('/a'));
        return [atimeNs, mtimeNs, atimeMs, mtime.getTime()];
      });
    }
  });

  it('show the moment of a change', () => {
    const { fs } = both.volume;
    const before = Date.now();
    fs.writeFileSync('/t/a', 'x');
    const { birthtimeMs, mtimeMs, ctimeMs } = fs.statSync('/t/a');
    const after = Date.now() + 1;
    for (const time of [birthtimeMs, mtimeMs, ctimeMs]) {
      // The kernel's coarse clock may be a tick behind.
      expect(time).toBeGreaterThan(before - 20);
      expect(time).toBeLessThanOrEqual(after);
    }
  });

  it('count links', () => {
    both.same((fs, at) => {
      fs.writeFileSync(at('/a'), 'x');
      fs.linkSync(at('/a'), at('/b'));
      fs.mkdirSync(at('/d/e'), { recursive: true });
      const links = ['/a', '/d', ''].map((path) => fs.statSync(at(path)).nlink);
      fs.unlinkSync(at('/a'));
      return [...links, fs.statSync(at('/b')).nlink];
    });
  });

  asRoot.it('pass from a setgid directory to what is made in it', () => {
    both.same((fs, at) => {
      fs.mkdirSync(at('/d'));
      fs.chownSync(at('/d'), 0, 55);
      fs.chmodSync(at('/d'), 0o2775);
      fs.mkdirSync(at('/d/sub'));
      fs.writeFileSync(at('/d/file'), '', { mode: 0o777 });
      fs.symlinkSync('x', at('/d/link'));
      const fd = fs.openSync(at('/d'), 0o20200000 | fs.constants.O_RDWR, 0o2777);
      const stats = fs.fstatSync(fd);
      fs.closeSync(fd);
      return [stats, ...['sub', 'file', 'link'].map((name) => fs.lstatSync(at(`/d/${name}`)))];
    });
  });

  it('change with each kind of call, or do not', () => {
    const names = ['atimeNs', 'mtimeNs', 'ctimeNs'] as const;
    both.same((fs, at) => {
      const changed: string[] = [];
      const watch = (path: string, call: () => unknown, label: string): void => {
        fs.utimesSync(at(path), 5, 6);
        // So that a coarse clock shows the change.
        const start = fs.lstatSync(at(path), { bigint: true });
        while (Date.now() * 1e6 <= Number(start.ctimeNs) + 12e6);
        call();
        const end = fs.lstatSync(at(path), { bigint: true });
        changed.push(`${label}: ${names.filter((name) => start[name] !== end[name]).join(' ')}`);
      };
      fs.mkdirSync(at('/d'));
      fs.writeFileSync(at('/d/a'), 'content');
      const fd = fs.openSync(at('/d/a'), 'r+');
      watch('/d/a', () => fs.writeSync(fd, 'x', 0), 'write');
      watch('/d/a', () => fs.ftruncateSync(fd, 3), 'truncate');
      watch('/d/a', () => fs.ftruncateSync(fd, 3), 'truncate to the same size');
      watch('/d/a', () => fs.closeSync(fs.openSync(at('/d/a'), 'w')), 'O_TRUNC');
      watch('/d/a', () => fs.closeSync(fs.openSync(at('/d/a'), 'w')), 'O_TRUNC of an empty file');
      watch('/d/a', () => fs.chmodSync(at('/d/a'), 0o600), 'chmod');
      watch('/d/a', () => fs.linkSync(at('/d/a'), at('/d/b')), 'link');
      watch('/d/a', () => fs.unlinkSync(at('/d/b')), 'unlink of another link');
      fs.closeSync(fd);
      return changed;
    });
    both.same((fs, at) => {
      const changed: string[] = [];
      const watch = (call: () => unknown, label: string): void => {
        fs.utimesSync(at('/d'), 5, 6);
        const start = fs.lstatSync(at('/d'), { bigint: true });
        while (Date.now() * 1e6 <= Number(start.ctimeNs) + 12e6);
        call();
        const end = fs.lstatSync(at('/d'), { bigint: true });
        changed.push(`${label}: ${names.filter((name) => start[name] !== end[name]).join(' ')}`);
      };
      watch(() => fs.writeFileSync(at('/d/n'), 'x'), 'create in it');
      watch(() => fs.writeFileSync(at('/d/n'), 'y'), 'write in it');
      watch(() => fs.renameSync(at('/d/n'), at('/d/m')), 'rename in it');
      watch(() => fs.renameSync(at('/d/m'), at('/m')), 'rename out of it');
      watch(() => fs.renameSync(at('/m'), at('/d/m')), 'rename into it');
      watch(() => fs.linkSync(at('/d/m'), at('/d/l')), 'link in it');
      watch(() => fs.unlinkSync(at('/d/m')), 'unlink in it');
      watch(() => fs.mkdirSync(at('/d/s')), 'mkdir in it');
      watch(() => fs.rmdirSync(at('/d/s')), 'rmdir in it');
      watch(() => fs.symlinkSync('x', at('/d/s')), 'symlink in it');
      return changed;
    });
  });

  it('have sizes up to what a number holds', () => {
    for (const size of [2 ** 31, 2 ** 32 + 1, 2 ** 43, 2 ** 53 - 1]) {
      both.same((fs, at) => {
        const fd = fs.openSync(at('/large'), 'w+');
        const log: unknown[] = [];
        for (const call of [
          () => fs.ftruncateSync(fd, size),
          () => fs.writeSync(fd, 'end', size),
          () => fs.readSync(fd, Buffer.alloc(5), 0, 5, size - 1),
          () => fs.fstatSync(fd).size,
        ]) {
          try {
            log.push(call());
          } catch (error) {
            log.push((error as Error).message);
          }
        }
        fs.closeSync(fd);
        return log;
      });
    }
  });
});
