import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BothSides } from './both-sides.ts';

let both: BothSides;

beforeEach(() => {
  both = new BothSides();
});

afterEach(() => both.close());

describe('open files', () => {
  it('are read and written in every argument form of node:fs', () => {
    both.same((fs, at) => {
      const fd = fs.openSync(at('/a'), 'w+');
      const results: unknown[] = [
        fs.writeSync(fd, 'h\u00e9llo'),
        fs.writeSync(fd, 'abc', 2),
        fs.writeSync(fd, 'ffee', null, 'hex'),
        fs.writeSync(fd, 'x', 20, 'latin1'),
        fs.writeSync(fd, Buffer.from('buffer')),
        fs.writeSync(fd, Buffer.from('buffer'), 2),
        fs.writeSync(fd, Buffer.from('buffer'), 1, 3),
        fs.writeSync(fd, Buffer.from('buffer'), 1, 3, 30),
        fs.writeSync(fd, Buffer.from('buffer'), 1, 3, null),
        fs.writeSync(fd, Buffer.from('buffer'), { offset: 1, length: 2, position: 40 } as never),
        fs.writeSync(fd, new Uint16Array([1, 2, 3]), 0, 6, 50),
        fs.writeSync(fd, new DataView(new ArrayBuffer(4)), 0, 4),
        fs.writevSync(fd, [Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')]),
        fs.writevSync(fd, [Buffer.from('one'), Buffer.from('two')], 60),
        fs.writevSync(fd, []),
        fs.readFileSync(at('/a')),
      ];
      const buffer = Buffer.alloc(16, '.');
      results.push(fs.readSync(fd, buffer, 0, 4, 0), Buffer.from(buffer));
      results.push(fs.readSync(fd, buffer, 2, 4, 1), Buffer.from(buffer));
      results.push(fs.readSync(fd, buffer, { position: 3 }), Buffer.from(buffer));
      results.push(
        fs.readSync(fd, buffer, { offset: 3, length: 2, position: 3n }),
        Buffer.from(buffer),
      );
      results.push(fs.readSync(fd, buffer), Buffer.from(buffer));
      results.push(fs.readSync(fd, buffer, 0, 16, null), fs.readSync(fd, buffer, 0, 16, -1));
      results.push(fs.readvSync(fd, [Buffer.alloc(3), buffer], 0), Buffer.from(buffer));
      fs.closeSync(fd);
      return results;
    });
  });

  it('keep a position each, append at the end, and refuse by access mode', () => {
    both.same((fs, at) => {
      const writer = fs.openSync(at('/a'), 'a');
      const reader = fs.openSync(at('/a'), 'r');
      const buffer = Buffer.alloc(4);
      const log: unknown[] = [fs.writeSync(writer, 'one'), fs.readSync(reader, buffer)];
      log.push(
        fs.writeSync(writer, 'two', 0),
        fs.readSync(reader, buffer),
        fs.readSync(reader, buffer),
      );
      log.push(Buffer.from(buffer), fs.readFileSync(at('/a'), 'utf8'));
      for (const call of [
        () => fs.readSync(writer, buffer),
        () => fs.writeSync(reader, 'x'),
        () => fs.ftruncateSync(reader, 1),
        () => fs.readSync(reader, buffer, 0, 1, -2n),
      ]) {
        try {
          log.push(call());
        } catch (error) {
          log.push((error as Error).message);
        }
      }
      fs.closeSync(writer);
      fs.closeSync(reader);
      return log;
    });
  });

  it('are truncated, extended with zeros, and synced', () => {
    for (const size of [0, 1, 4095, 4096, 4097, 100_000]) {
      both.same((fs, at) => {
        const fd = fs.openSync(at('/a'), 'w+');
        fs.writeSync(fd, Buffer.alloc(5000, 7));
        fs.ftruncateSync(fd, size);
        fs.fsyncSync(fd);
        fs.fdatasyncSync(fd);
        fs.futimesSync(fd, 12.5, new Date(3_000_500));
        fs.fchmodSync(fd, 0o600);
        fs.fchownSync(fd, 7, 8);
        const stats = fs.fstatSync(fd);
        fs.closeSync(fd);
        return [stats, stats.mtimeMs, stats.atimeMs, fs.readFileSync(at('/a'))];
      });
    }
    both.same((fs, at) => fs.truncateSync(at('/a'), 3));
    both.same((fs, at) => fs.truncateSync(at('/a')));
    both.same((fs, at) => fs.truncateSync(at('/a'), -5));
    both.sameTree();
  });

  it('live on after unlink, and are ESTALE to nobody', () => {
    both.same((fs, at) => {
      const fd = fs.openSync(at('/a'), 'w+');
      fs.writeSync(fd, 'still here');
      fs.unlinkSync(at('/a'));
      fs.writeFileSync(at('/a'), 'another');
      const text = fs.readFileSync(fd);
      const buffer = Buffer.alloc(10);
      fs.readSync(fd, buffer, 0, 10, 0);
      const { nlink, size } = fs.fstatSync(fd);
      fs.closeSync(fd);
      return [text, buffer, nlink, size];
    });
  });

  it('can be without a name (O_TMPFILE)', () => {
    both.same((fs, at) => {
      const O_TMPFILE = 0o20200000;
      const fd = fs.openSync(at(''), O_TMPFILE | fs.constants.O_RDWR, 0o600);
      fs.writeSync(fd, 'secret');
      const { nlink, size, mode } = fs.fstatSync(fd);
      fs.closeSync(fd);
      return [nlink, size, mode, fs.readdirSync(at(''))];
    });
  });

  it('that are folders can be stat-ed, not read', () => {
    both.same((fs, at) => {
      const fd = fs.openSync(at(''), 'r');
      const isDirectory = fs.fstatSync(fd).isDirectory();
      try {
        fs.readSync(fd, Buffer.alloc(1));
      } catch (error) {
        return [isDirectory, (error as Error).message];
      } finally {
        fs.closeSync(fd);
      }
    });
  });
});

describe('whole files', () => {
  const sizes = [0, 1, 100, 2047, 2048, 4096, 8192, 8193, 65_536, 1_000_003];

  it('of any size are written and read', () => {
    for (const size of sizes) {
      both.same((fs, at) => {
        const bytes = Buffer.alloc(size, `${size} `);
        fs.writeFileSync(at('/a'), bytes);
        fs.appendFileSync(at('/a'), bytes);
        const read = fs.readFileSync(at('/a'));
        return [fs.statSync(at('/a')).size, read.equals(Buffer.concat([bytes, bytes]))];
      });
    }
  });

  it('take the options of node:fs', () => {
    both.same((fs, at) => {
      fs.writeFileSync(at('/a'), '68656c6c6f', 'hex');
      fs.writeFileSync(at('/b'), 'text', { mode: 0o640, flag: 'a', flush: true });
      fs.writeFileSync(at('/b'), new Uint8Array([1, 2]), { flag: 'a' });
      fs.appendFileSync(at('/b'), 'end', { encoding: 'latin1' });
      return [
        fs.readFileSync(at('/a'), 'utf8'),
        fs.readFileSync(at('/a'), { encoding: 'base64' }),
        fs.readFileSync(at('/a'), { flag: 'r' }),
        fs.readFileSync(at('/b')),
        fs.statSync(at('/b')).mode,
      ];
    });
  });

  it('are copied with their mode, not onto themselves', () => {
    both.same((fs, at) => {
      fs.writeFileSync(at('/a'), Buffer.alloc(300_000, 'xyz'), { mode: 0o750 });
      fs.writeFileSync(at('/b'), Buffer.alloc(400_000));
      fs.copyFileSync(at('/a'), at('/b'));
      fs.copyFileSync(at('/a'), at('/c'));
      fs.copyFileSync(at('/a'), at('/a'));
    });
    both.sameTree();
  });
});

describe('attributes', () => {
  it('change as on tmpfs', () => {
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

  it('pass from a setgid directory to what is made in it', () => {
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
