// Runs the same calls on a Volume and on node:fs in a folder on tmpfs, and compares what comes out.
import { createHash } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { requirement } from '@ram/test-support';
import { expect } from 'vitest';
import { Volume } from '../src/index.ts';
import type { VolumeFs } from '../src/index.ts';

/** A call, given a file system and a way to name a path in it. */
export type Call = (fs: VolumeFs, at: (path: string) => string) => unknown;

interface Side {
  fs: VolumeFs;
  base: string;
}

const tmpfs = nodeFs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const errorFields = ['name', 'code', 'errno', 'syscall', 'path', 'dest', 'message'] as const;

/** For tests that change owners, or take their own rights away. */
export const asRoot = requirement(
  'root',
  process.getuid?.() === 0,
  'tmpfs refuses a plain user what a Volume lets its own process do',
);

/** Both file systems, with the same content as long as only `same` is used. */
export class BothSides {
  readonly volume: Volume;
  readonly #sides: [ours: Side, nodes: Side];
  /** What is the root for Node. */
  readonly folder: string;

  constructor(maxBytes = '64M') {
    this.volume = new Volume({ maxBytes });
    this.volume.fs.mkdirSync('/t', { mode: 0o777 });
    this.folder = nodeFs.mkdtempSync(`${tmpfs}/ram-both-sides-`);
    nodeFs.mkdirSync(`${this.folder}/t`, { mode: 0o777 });
    this.#sides = [
      { fs: this.volume.fs, base: '/t' },
      { fs: nodeFs, base: `${this.folder}/t` },
    ];
  }

  /** Both outcomes, without what may differ. */
  outcomes(call: Call): [ours: unknown, nodes: unknown] {
    const [ours, nodes] = this.#sides.map((side) => this.#outcome(side, call));
    return [ours, nodes];
  }

  /** Demands the same outcome, result or error, and returns it. */
  same(call: Call, hint = ''): unknown {
    const [ours, nodes] = this.outcomes(call);
    if (!isDeepStrictEqual(ours, nodes)) expect(ours, hint || call.toString()).toEqual(nodes);
    return nodes;
  }

  /** Demands that all files are the same on both sides. */
  sameTree(hint = ''): void {
    this.same((fs, at) => listTree(fs, at('')), hint || 'the tree');
  }

  close(): void {
    this.volume.close();
    nodeFs.rmSync(this.folder, { recursive: true, force: true });
  }

  #outcome({ fs, base }: Side, call: Call): unknown {
    try {
      const value = call(fs, (path) => base + path);
      return { value: this.#normal(value) };
    } catch (error) {
      const found = error as Record<string, unknown>;
      // How Node words its own errors changes from version to version.
      const ownCode = String(found['code']).startsWith('ERR_');
      const compared = ownCode ? (['name', 'code'] as const) : errorFields;
      const fields = compared.map((field) => [field, this.#normal(found[field])]);
      return { error: Object.fromEntries(fields) };
    }
  }

  #normal(value: unknown): unknown {
    if (typeof value === 'string') return value.replaceAll(this.folder, '');
    if (Buffer.isBuffer(value)) return this.#normal(`bytes ${brief(value)}`);
    if (Array.isArray(value)) return value.map((one) => this.#normal(one));
    if (value instanceof nodeFs.Dirent) return describeDirent(value, this.folder);
    if (isStats(value)) return describeStats(value);
    return value;
  }
}

function brief(bytes: Buffer): string {
  if (bytes.length <= 64) return bytes.toString('latin1');
  return `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`;
}

function isStats(value: unknown): value is nodeFs.Stats {
  return typeof value === 'object' && value !== null && 'isDirectory' in value && 'mode' in value;
}

const typeTests = [
  'isFile',
  'isDirectory',
  'isSymbolicLink',
  'isFIFO',
  'isSocket',
  'isBlockDevice',
  'isCharacterDevice',
] as const;

function describeDirent(entry: nodeFs.Dirent, folder: string): unknown {
  const types = typeTests.filter((test) => entry[test]());
  const name: unknown = entry.name;
  const shown = Buffer.isBuffer(name) ? `bytes ${name.toString('latin1')}` : name;
  return ['Dirent', shown, String(entry.parentPath).replaceAll(folder, ''), ...types];
}

function describeStats(stats: nodeFs.Stats): unknown {
  const types = typeTests.filter((test) => stats[test]());
  const { mode, nlink, uid, gid, rdev } = stats;
  // The size of a directory is the file system's own affair.
  const size = stats.isDirectory() ? 'any' : stats.size;
  const fields = Object.entries(stats).map(([name, value]) => `${name}: ${kindOf(value)}`);
  return {
    prototype: Object.getPrototypeOf(stats),
    types,
    mode,
    nlink,
    uid,
    gid,
    rdev,
    size,
    fields,
  };
}

function kindOf(value: unknown): string {
  return value instanceof Date ? 'Date' : typeof value;
}

/** Every file below a folder with its attributes and content, in order. */
function listTree(fs: VolumeFs, folder: string): unknown[] {
  const names = fs.readdirSync(folder).toSorted();
  return names.flatMap((name) => {
    const path = `${folder}/${name}`;
    const stats = fs.lstatSync(path);
    const { mode, nlink, uid, gid } = stats;
    const about = [name, mode, nlink, uid, gid];
    if (stats.isDirectory()) return [about, listTree(fs, path)];
    if (stats.isSymbolicLink()) return [about, fs.readlinkSync(path)];
    return [about, stats.size, fs.readFileSync(path)];
  });
}
