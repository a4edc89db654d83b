import { afterEach, describe, expect, it } from 'vitest';
import { Volume } from '../src/index.ts';
import { Random, seeds } from './random.ts';

const steps = 1200;
const sizes = [1, 60, 500, 2048, 4096, 9000, 40_000, 150_000, 400_000];

/** What a file must hold; a directory holds nothing. */
type Model = Map<string, Buffer>;

let volume: Volume;

afterEach(() => volume?.close());

function attempt<T>(call: () => T): T | 'full' {
  try {
    return call();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOSPC') return 'full';
    throw error;
  }
}

/** What `write` of `data` at `offset` makes of a file. */
function written(old: Buffer, data: Buffer, offset: number): Buffer {
  const next = Buffer.alloc(Math.max(old.length, offset + data.length));
  old.copy(next);
  data.copy(next, offset);
  return next;
}

class FullVolume {
  readonly model: Model = new Map();
  full = 0;
  readonly #random: Random;
  #made = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): string {
    const { fs, xattr } = volume;
    const random = this.#random;
    const path = this.model.size > 0 ? random.of([...this.model.keys()]) : undefined;
    const old = path === undefined ? undefined : this.model.get(path);
    const size = random.of(sizes);
    const choice = random.below(10);
    if (path === undefined || old === undefined || choice < 3) return this.#create(size);
    if (choice < 6) return this.#write(path, old, Buffer.alloc(size, random.below(256)));
    if (choice === 6) {
      const length = random.of([0, Math.floor(old.length / 2), old.length + size]);
      this.#note(
        attempt(() => fs.truncateSync(path, length)),
        () => {
          const next = Buffer.alloc(length);
          old.copy(next);
          this.model.set(path, next);
        },
      );
      return `truncate ${path} to ${length}`;
    }
    if (choice === 7) {
      const target = `/renamed${(this.#made += 1)}${'n'.repeat(random.below(200))}`;
      this.#note(
        attempt(() => fs.renameSync(path, target)),
        () => {
          this.model.delete(path);
          this.model.set(target, old);
        },
      );
      return `rename ${path}`;
    }
    if (choice === 8 && random.below(3) > 0) {
      this.#note(
        attempt(() => xattr.set(path, 'user.a', Buffer.alloc(size % 5000))),
        () => {},
      );
      return `xattr of ${path}`;
    }
    fs.unlinkSync(path);
    this.model.delete(path);
    return `unlink ${path}`;
  }

  #create(size: number): string {
    const path = `/f${(this.#made += 1)}`;
    const fd = attempt(() => volume.fs.openSync(path, 'wx'));
    if (fd === 'full') {
      this.full += 1;
      expect(volume.fs.existsSync(path)).toBe(false);
      return `create ${path}`;
    }
    volume.fs.closeSync(fd);
    this.model.set(path, Buffer.alloc(0));
    return this.#write(path, Buffer.alloc(0), Buffer.alloc(size, this.#made));
  }

  #write(path: string, old: Buffer, data: Buffer): string {
    const offset = this.#random.of([0, old.length, Math.floor(old.length / 2), old.length + 5000]);
    const fd = volume.fs.openSync(path, 'r+');
    const count = attempt(() => volume.fs.writeSync(fd, data, 0, data.length, offset));
    volume.fs.closeSync(fd);
    this.#note(count, () => {
      if (count !== data.length) this.full += 1;
      this.model.set(path, written(old, data.subarray(0, count as number), offset));
    });
    return `write ${data.length} to ${path} at ${offset}: ${count}`;
  }

  #note(result: unknown, apply: () => void): void {
    if (result === 'full') this.full += 1;
    else apply();
  }

  verify(hint: string): void {
    expect(volume.check(), hint).toBeUndefined();
    expect(volume.fs.readdirSync('/').length, hint).toBe(this.model.size);
    for (const [path, expected] of this.model) {
      const actual = volume.fs.readFileSync(path);
      if (!actual.equals(expected)) expect.fail(`${hint}: ${path} differs`);
    }
  }
}

describe.each(['tmpfs', 'memfd'] as const)('random calls on a full volume (%s)', (backing) => {
  for (const seed of seeds) {
    it(`fail whole or not at all (RAM_RANDOM_SEED=${seed})`, () => {
      volume = new Volume({ maxBytes: '3M', backing });
      const full = new FullVolume(new Random(seed));
      const atStart = volume.usage();
      for (let step = 0; step < steps; step += 1) {
        const what = full.step();
        const { usedBytes, freeBytes, maxBytes } = volume.usage();
        expect(usedBytes + freeBytes).toBe(maxBytes);
        if (step % 50 === 49) full.verify(`after step ${step}, ${what}`);
      }
      expect(full.full).toBeGreaterThan(10);
      for (const path of full.model.keys()) volume.fs.unlinkSync(path);
      full.model.clear();
      full.verify('at the end');
      expect(volume.usage().usedBytes).toBeLessThan(atStart.usedBytes + 64 * 1024);
    });
  }
});
