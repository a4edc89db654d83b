import { afterAll, beforeAll, describe, it } from 'vitest';
import type { VolumeFs } from '../src/index.ts';
import { asRoot, BothSides } from './both-sides.ts';
import type { Call } from './both-sides.ts';

let both: BothSides;
let home: string;

beforeAll(() => {
  both = new BothSides();
  both.same((fs, at) => fs.writeFileSync(at('/file'), 'content'));
  // Relative paths: from the root of the Volume, and from what is the root for Node.
  home = process.cwd();
  process.chdir(both.folder);
});

afterAll(() => {
  process.chdir(home);
  both.close();
});

const badValues: unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 31,
  2 ** 53,
  1n,
  '',
  'x',
  '9',
  'a\0b',
  {},
  [],
  [1],
  () => 0,
  Buffer.alloc(0),
  Buffer.from('a\0b'),
  new Date(NaN),
  new Uint16Array(2),
  new Map(),
];

// What is valid in every place; each in turn is replaced by each bad value.
const valid: Partial<Record<keyof VolumeFs, (at: (path: string) => string) => unknown[]>> = {
  accessSync: (at) => [at('/file'), 0],
  chmodSync: (at) => [at('/file'), 0o644],
  chownSync: (at) => [at('/file'), 0, 0],
  lchownSync: (at) => [at('/file'), 0, 0],
  closeSync: () => [2_000_000_000],
  existsSync: (at) => [at('/file')],
  fchmodSync: () => [2_000_000_000, 0o644],
  fchownSync: () => [2_000_000_000, 0, 0],
  fdatasyncSync: () => [2_000_000_000],
  fstatSync: () => [2_000_000_000],
  fsyncSync: () => [2_000_000_000],
  ftruncateSync: () => [2_000_000_000, 1],
  futimesSync: () => [2_000_000_000, 1, 1],
  linkSync: (at) => [at('/none'), at('/new')],
  lstatSync: (at) => [at('/file')],
  lutimesSync: (at) => [at('/file'), 1, 1],
  mkdirSync: (at) => [at('/file'), 0o755],
  openSync: (at) => [at('/none'), 'r', 0o644],
  readSync: () => [2_000_000_000, Buffer.alloc(4), 0, 4, 0],
  readFileSync: (at) => [at('/none'), 'utf8'],
  readdirSync: (at) => [at('/none'), 'utf8'],
  readlinkSync: (at) => [at('/file'), 'utf8'],
  readvSync: () => [2_000_000_000, [Buffer.alloc(1)], 0],
  renameSync: (at) => [at('/none'), at('/new')],
  rmSync: (at) => [at('/none'), { force: true }],
  rmdirSync: (at) => [at('/none'), {}],
  statSync: (at) => [at('/file')],
  statfsSync: (at) => [`${at('/none')}/x`],
  symlinkSync: (at) => ['target', at('/file'), 'file'],
  truncateSync: (at) => [at('/none'), 1],
  unlinkSync: (at) => [at('/none')],
  utimesSync: (at) => [at('/file'), 1, 1],
  writeSync: () => [2_000_000_000, Buffer.alloc(4), 0, 4, 0],
  writeFileSync: (at) => [at('/none/x'), 'data', 'utf8'],
  appendFileSync: (at) => [at('/none/x'), 'data', 'utf8'],
  writevSync: () => [2_000_000_000, [Buffer.alloc(1)], 0],
  copyFileSync: (at) => [at('/none'), at('/new'), 0],
  mkdtempSync: (at) => [at('/none/x'), 'utf8'],
};

describe('bad arguments give the errors of node:fs', () => {
  for (const [name, makeArguments] of Object.entries(valid)) {
    const test = name.includes('chown') ? asRoot.it : it;
    test(name, () => {
      const count = makeArguments((path) => path).length;
      for (let place = 0; place < count; place += 1) {
        for (const bad of badValues) {
          if (isSpecial(name, place, bad)) continue;
          const shown = typeof bad === 'object' ? JSON.stringify(bad) : String(bad);
          const call: Call = (fs, at) => {
            const args = makeArguments(at);
            args[place] = bad;
            const result = (fs[name as keyof VolumeFs] as (...args: unknown[]) => unknown)(...args);
            if (name === 'openSync') fs.closeSync(result as number);
            return typeof result;
          };
          both.same(call, `${name} with ${shown} as ${place}`);
        }
      }
    });
  }
});

const descriptorCalls = new Set<string>([
  'appendFileSync',
  'closeSync',
  'readFileSync',
  'readSync',
  'readvSync',
  'truncateSync',
  'writeFileSync',
  'writeSync',
  'writevSync',
]);

/** Where Node itself works on the process's own files, aborts, or is odd without a meaning. */
function isSpecial(name: string, place: number, bad: unknown): boolean {
  const isFd = typeof bad === 'number' && bad === (bad | 0) && bad >= 0;
  if (place === 0 && isFd) return name.startsWith('f') || descriptorCalls.has(name);
  switch (name) {
    case 'chmodSync':
    case 'fchmodSync':
    case 'mkdirSync':
      return bad === 2 ** 31; // aborts
    case 'openSync':
      return bad === 2 ** 31 || bad === -1; // aborts; is all flags at once
    case 'mkdtempSync':
      return String(bad) === ''; // cuts the template
    case 'futimesSync':
      return bad instanceof Date; // EBADF comes first
    default:
      return typeof bad === 'bigint' && descriptorCalls.has(name); // mixes types
  }
}
