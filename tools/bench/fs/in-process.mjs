// The contenders inside the process: a Volume, memfs, and node:fs on a tmpfs.
import nodeFs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { createFsFromVolume, Volume as MemfsVolume } from 'memfs';
import { formatRow } from './format.mjs';
import { bytesPerFile, heapBytes } from './memory.mjs';
import { interleaved } from './rounds.mjs';

/** @typedef {import('./operations.mjs').Fs} Fs */
/** @typedef {import('./operations.mjs').Operation} Operation */
/** @typedef {import('./rounds.mjs').Row} Row */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {Fs} fs
 * @property {string} root An empty directory.
 * @property {readonly Operation[]} operations
 */

const tmpfsParent = '/dev/shm';
const memoryCase = 'memory of an empty file';

/**
 * @param {{ cases: string[], quick: boolean, report: (line: string) => void }} options
 * @returns {Promise<Row[]>}
 */
export async function runInProcess({ cases, quick, report }) {
  const volume = new Volume({ maxBytes: '1G' });
  const tmpfsRoot = nodeFs.mkdtempSync(`${tmpfsParent}/ram-bench-`);
  const volumeFs = /** @type {Fs} */ (/** @type {unknown} */ (volume.fs));
  const memfs = /** @type {Fs} */ (/** @type {unknown} */ (createFsFromVolume(new MemfsVolume())));
  const contenders = [
    await contender('volume.fs', volumeFs, '/bench'),
    await contender('node:fs on tmpfs', nodeFs, `${tmpfsRoot}/bench`),
    await contender('memfs', memfs, '/bench'),
  ];
  try {
    /** @type {Row[]} */
    const rows = [];
    for (const [index, { name, count, rounds, goal }] of contenders[0]?.operations.entries() ??
      []) {
      if (!isWanted(name, cases)) continue;
      const times = quick ? Math.max(1, Math.ceil(count / 50)) : count;
      const row = await interleaved(
        contenders.map((one) => ({
          name: one.name,
          measure: () => measure(one, index, times),
        })),
        { name, count: times, rounds: quick ? 1 : (rounds ?? 9), peer: 'memfs', goal },
      );
      report(formatRow(row));
      rows.push(row);
    }
    if (isWanted(memoryCase, cases)) {
      const files = quick ? 1000 : 50_000;
      const own = bytesPerFile(volumeFs, files, () => volume.usage().usedBytes);
      const theirs = bytesPerFile(memfs, files, heapBytes);
      report(`${memoryCase}: volume.fs ${own.toFixed(0)} bytes, memfs ${theirs.toFixed(0)} bytes`);
    }
    return rows;
  } finally {
    volume.close();
    nodeFs.rmSync(tmpfsRoot, { recursive: true, force: true });
  }
}

/** @param {string} name @param {string[]} cases */
function isWanted(name, cases) {
  return cases.length === 0 || cases.some((wanted) => name.includes(wanted));
}

/** @param {string} name @param {Fs} fs @param {string} root @returns {Promise<Contender>} */
async function contender(name, fs, root) {
  const own = /** @type {{ operations: readonly Operation[] }} */ (
    await import(`./operations.mjs?for=${encodeURIComponent(name)}`)
  );
  return { name, fs, root, operations: own.operations };
}

/**
 * Nanoseconds of one round.
 * @param {Contender} contender @param {number} index @param {number} count
 */
function measure({ fs, root, operations }, index, count) {
  fs.mkdirSync(root);
  const job = operations[index]?.make(fs, root, count);
  job?.prepare?.();
  const begin = process.hrtime.bigint();
  job?.run();
  const elapsed = Number(process.hrtime.bigint() - begin);
  job?.clean?.();
  fs.rmSync(root, { recursive: true });
  return elapsed;
}
