// Memory files beside node:fs straight in /dev/shm: open, write 4 KiB, close.
import {
  closeSync,
  mkdtempSync,
  openSync,
  promises,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryOpen, memoryOpenSync } from '@ram/memfile';

/** @typedef {import('../run-suite.mjs').Case} Case */

const bytes = Buffer.alloc(4096, 'x');
const inMemory = '/dev/shm';

/**
 * @typedef {object} Way
 * @property {string} name
 * @property {(path: string, directory: string) => Promise<void> | void} once
 *   With a directory in memory that is gone afterwards.
 * @property {string} [links] Where the paths are; default: with the contents.
 */

/** @type {Way} */
const nodeSync = {
  name: 'node:fs in /dev/shm',
  once: (path) => finish(openSync(path, 'w', 0o600)),
};

/** @type {Way} */
const nodeAsync = {
  name: 'node:fs in /dev/shm',
  once: async (path) => finishLater(await promises.open(path, 'w', 0o600)),
};

/** @type {Way} */
const oursSync = {
  name: 'memoryOpenSync, link on disk',
  once: (path, directory) => finish(memoryOpenSync(path, 'w', { directory })),
  links: tmpdir(),
};

/** @type {Way} */
const oursAsync = {
  name: 'memoryOpen, link on disk',
  once: async (path, directory) => finishLater(await memoryOpen(path, 'w', { directory })),
  links: tmpdir(),
};

/** @type {Case[]} */
export const suite = [
  {
    name: 'open, write 4 KiB, close: an existing file, descriptor',
    unit: 'µs',
    goal: 'at least 0.67x (1.5 times as long)',
    contestants: [contestant(oursSync, false, 20_000), contestant(nodeSync, false, 20_000)],
  },
  {
    name: 'open, write 4 KiB, close: an existing file, FileHandle',
    unit: 'µs',
    goal: 'at least 0.67x (1.5 times as long)',
    contestants: [contestant(oursAsync, false, 5000), contestant(nodeAsync, false, 5000)],
  },
  {
    name: 'open, write 4 KiB, close: a new file, descriptor',
    unit: 'µs',
    goal: 'at least 0.67x of node:fs and one symbolic link',
    contestants: [
      contestant(oursSync, true, 3000),
      contestant(
        { ...oursSync, name: 'memoryOpenSync, link in /dev/shm', links: inMemory },
        true,
        3000,
      ),
      contestant(nodeSync, true, 3000),
      contestant({ ...nodeSync, name: 'node:fs, and a link on disk', once: withLink }, true, 3000),
    ],
  },
  {
    name: 'open, write 4 KiB, close: a new file, FileHandle',
    unit: 'µs',
    contestants: [
      contestant(
        { ...oursAsync, name: 'memoryOpen, link in /dev/shm', links: inMemory },
        true,
        2000,
      ),
      contestant(nodeAsync, true, 2000),
    ],
  },
];

let linkDirectory = '';

/** @param {string} path */
function withLink(path) {
  symlinkSync(path, join(linkDirectory, path.slice(path.lastIndexOf('/') + 1)));
  finish(openSync(path, 'w', 0o600));
}

/**
 * @param {Way} way @param {boolean} fresh Another file each time. @param {number} count
 */
function contestant({ name, once, links = inMemory }, fresh, count) {
  /** @param {number} scale */
  const run = async (scale) => {
    const directory = mkdtempSync(join(links, 'ram-bench-'));
    linkDirectory = mkdtempSync(join(tmpdir(), 'ram-bench-'));
    const contents = mkdtempSync(join(inMemory, 'ram-bench-'));
    try {
      const rounds = Math.ceil(count * scale);
      await once(join(directory, 'first'), contents);
      const start = process.hrtime.bigint();
      for (let i = 0; i < rounds; i++) {
        const done = once(join(directory, fresh ? String(i) : 'first'), contents);
        if (done !== undefined) await done;
      }
      return Number(process.hrtime.bigint() - start) / 1000 / rounds;
    } finally {
      for (const gone of [directory, linkDirectory, contents]) rmSync(gone, { recursive: true });
    }
  };
  return { name, run };
}

/** @param {number} fd */
function finish(fd) {
  writeSync(fd, bytes);
  closeSync(fd);
}

/** @param {import('node:fs/promises').FileHandle} file */
async function finishLater(file) {
  await file.write(bytes);
  await file.close();
}
