import { afterEach, beforeEach, describe, it } from 'vitest';
import { asRoot, BothSides } from './both-sides.ts';

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

  asRoot.it('are truncated, extended with zeros, and synced', () => {
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
