import { afterEach, describe } from 'vitest';
import { asRoot, BothSides } from './both-sides.ts';
import type { Call } from './both-sides.ts';
import { Random, seeds } from './random.ts';

const steps = 1500;

let both: BothSides | undefined;

afterEach(() => both?.close());

const names = ['a', 'b', 'c', 'd', 'link', 'e'];
const sizes = [0, 1, 10, 100, 2000, 2048, 4096, 5000, 70_000, 200_000];
const flags = ['r', 'r+', 'w', 'w+', 'a', 'a+', 'wx', 'ax+'];

function randomPath(random: Random): string {
  const depth = 1 + random.below(3);
  let path = '';
  for (let i = 0; i < depth; i += 1) path += `/${random.of(names)}`;
  return path;
}

/** One random call. `files` are descriptors: a pair of numbers, by the side they belong to. */
function randomCall(random: Random, files: Map<unknown, number>[]): Call {
  const [path, other] = [randomPath(random), randomPath(random)];
  const [size, at0] = [random.of(sizes), random.of(sizes)];
  const file = files.length > 0 ? random.of(files) : undefined;
  const flag = random.of(flags);
  const fill = random.below(256);
  const target = random.of(names);
  const onFile = (call: (fs: Parameters<Call>[0], fd: number) => unknown): Call => {
    return (fs) => (file === undefined ? 'no file' : call(fs, file.get(fs) ?? -1));
  };
  const calls: Call[] = [
    (fs, at) => fs.mkdirSync(at(path)),
    (fs, at) => fs.mkdirSync(at(path), { recursive: true }),
    (fs, at) => fs.writeFileSync(at(path), Buffer.alloc(size, fill)),
    (fs, at) => fs.appendFileSync(at(path), Buffer.alloc(size, fill)),
    (fs, at) => fs.readFileSync(at(path)),
    (fs, at) => fs.truncateSync(at(path), size),
    (fs, at) => fs.renameSync(at(path), at(other)),
    (fs, at) => fs.renameSync(at(path), at(other)),
    (fs, at) => fs.linkSync(at(path), at(other)),
    (fs, at) => fs.symlinkSync(target, at(path)),
    (fs, at) => fs.unlinkSync(at(path)),
    (fs, at) => fs.rmdirSync(at(path)),
    (fs, at) => fs.rmSync(at(path), { recursive: true }),
    (fs, at) => fs.readdirSync(at(path)).toSorted(),
    (fs, at) => fs.statSync(at(path)),
    (fs, at) => fs.lstatSync(at(path)),
    (fs, at) => fs.readlinkSync(at(path)),
    (fs, at) => fs.chmodSync(at(path), fill),
    (fs, at) => fs.copyFileSync(at(path), at(other)),
    onFile((fs, fd) => fs.writeSync(fd, Buffer.alloc(size, fill), 0, size, at0)),
    onFile((fs, fd) => fs.writeSync(fd, Buffer.alloc(size, fill))),
    onFile((fs, fd) => {
      const buffer = Buffer.alloc(size);
      return [fs.readSync(fd, buffer, 0, size, at0), buffer];
    }),
    onFile((fs, fd) => {
      const buffer = Buffer.alloc(size);
      return [fs.readSync(fd, buffer), buffer];
    }),
    onFile((fs, fd) => fs.ftruncateSync(fd, size)),
    onFile((fs, fd) => fs.fstatSync(fd)),
  ];
  const choice = random.below(calls.length + 4);
  if (choice < calls.length) return calls[choice] as Call;
  if (choice === calls.length && file !== undefined) {
    files.splice(files.indexOf(file), 1);
    return onFile((fs, fd) => fs.closeSync(fd));
  }
  if (files.length > 20) return onFile((fs, fd) => fs.fsyncSync(fd));
  const opened = new Map<unknown, number>();
  return (fs, at) => {
    opened.set(fs, fs.openSync(at(path), flag));
    if (opened.size === 2) files.push(opened);
  };
}

describe('random calls', () => {
  for (const seed of seeds) {
    asRoot.it(`give the same as node:fs on tmpfs (RAM_RANDOM_SEED=${seed})`, () => {
      const random = new Random(seed);
      const files: Map<unknown, number>[] = [];
      both = new BothSides('256M');
      for (let step = 0; step < steps; step += 1) {
        // A call may draw numbers: both sides must draw the same.
        const call = randomCall(random, files);
        both.same(call, `step ${step}: ${call.toString()}`);
        if (step % 100 === 99) {
          both.sameTree(`the tree after step ${step}`);
          const report = both.volume.check();
          if (report !== undefined) throw new Error(`after step ${step}: ${report}`);
        }
      }
      for (const file of files)
        for (const [fs, fd] of file) (fs as { closeSync(fd: number): void }).closeSync(fd);
    });
  }
});
