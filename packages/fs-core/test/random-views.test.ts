import { afterEach, describe, expect, it } from 'vitest';
import { Volume } from '../src/index.ts';
import { Random, seeds } from './random.ts';

const steps = 400;
const sizes = [1, 100, 2048, 4095, 4096, 4097, 8192, 20_000, 70_000, 200_000];

/** A file as it must be, and the views of it, which may outlive its name. */
interface Model {
  path: string | undefined;
  bytes: Buffer;
  views: Buffer[];
}

let volume: Volume;

afterEach(() => volume?.close());

function resized(bytes: Buffer, length: number): Buffer {
  const next = Buffer.alloc(length);
  bytes.copy(next);
  return next;
}

class ViewedVolume {
  readonly files: Model[] = [];
  readonly #random: Random;
  #made = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): string {
    const random = this.#random;
    const named = this.files.filter((file) => file.path !== undefined);
    const choice = named.length < 3 ? 0 : random.below(14);
    if (choice < 2) return this.#create();
    const file = random.of(named);
    const path = file.path as string;
    const size = random.of(sizes);
    if (choice < 5) return this.#write(file, path, size);
    if (choice < 8) return this.#truncate(file, path, size);
    if (choice < 10) {
      const view = volume.view(path, { writable: random.below(2) === 0 });
      expect(view).toHaveLength(file.bytes.length);
      file.views.push(view);
      return `view ${path}`;
    }
    if (choice < 12) return this.#store(file, path);
    if (choice === 12) {
      const renamed = `/renamed${(this.#made += 1)}`;
      volume.fs.renameSync(path, renamed);
      file.path = renamed;
      return `rename ${path}`;
    }
    volume.fs.unlinkSync(path);
    file.path = undefined;
    return `unlink ${path}`;
  }

  #create(): string {
    const path = `/f${(this.#made += 1)}`;
    const bytes = Buffer.alloc(this.#random.of(sizes), this.#made);
    volume.fs.writeFileSync(path, bytes);
    this.files.push({ path, bytes, views: [] });
    return `create ${path}`;
  }

  #write(file: Model, path: string, size: number): string {
    const offset = this.#random.below(file.bytes.length + 3000);
    const data = Buffer.alloc(size, this.#random.below(256));
    const fd = volume.fs.openSync(path, 'r+');
    volume.fs.writeSync(fd, data, 0, size, offset);
    volume.fs.closeSync(fd);
    file.bytes = resized(file.bytes, Math.max(file.bytes.length, offset + size));
    data.copy(file.bytes, offset);
    return `write ${size} to ${path} at ${offset}`;
  }

  #truncate(file: Model, path: string, size: number): string {
    const length = this.#random.below(2) === 0 ? size : this.#random.below(file.bytes.length + 1);
    volume.fs.truncateSync(path, length);
    file.bytes = resized(file.bytes, length);
    return `truncate ${path} to ${length}`;
  }

  /** Through a writable view, into what is there of the file. */
  #store(file: Model, path: string): string {
    const end = file.bytes.length;
    if (end === 0) return 'nothing to store';
    const view = volume.view(path, { writable: true });
    const at = this.#random.below(end);
    const text = Buffer.from(`stored ${this.#made}`).subarray(0, end - at);
    text.copy(view, at);
    text.copy(file.bytes, at);
    if (this.#random.below(2) === 0) file.views.push(view);
    return `store at ${at} of ${path}`;
  }

  verify(hint: string): void {
    for (const { path, bytes, views } of this.files) {
      if (path !== undefined && !volume.fs.readFileSync(path).equals(bytes)) {
        expect.fail(`${hint}: the file ${path} differs`);
      }
      for (const view of views) {
        const expected = resized(bytes.subarray(0, view.length), view.length);
        if (!view.equals(expected)) {
          const at = view.findIndex((byte, i) => byte !== expected[i]);
          const difference = `${view.length} bytes, at ${at} ${view[at]}, not ${expected[at]}`;
          expect.fail(`${hint}: a view of ${path} differs: ${difference}`);
        }
      }
    }
    expect(volume.check(), hint).toBeUndefined();
  }
}

describe.each(['tmpfs', 'memfd'] as const)('views under random calls (%s)', (backing) => {
  for (const seed of seeds) {
    it(`show each file as it is, and zeros behind its end (RAM_RANDOM_SEED=${seed})`, () => {
      volume = new Volume({ maxBytes: '128M', backing });
      const viewed = new ViewedVolume(new Random(seed));
      for (let step = 0; step < steps; step += 1) {
        const what = viewed.step();
        viewed.verify(`step ${step}, ${what}`);
      }
      volume.close();
      for (const { bytes, views } of viewed.files) {
        for (const view of views) {
          expect(view.equals(resized(bytes.subarray(0, view.length), view.length))).toBe(true);
        }
      }
    });
  }
});
