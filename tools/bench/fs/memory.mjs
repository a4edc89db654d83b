// What an empty file costs.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** @typedef {import('./operations.mjs').Fs} Fs */

setFlagsFromString('--expose-gc');
const collect = /** @type {() => void} */ (runInNewContext('gc'));

/**
 * Bytes for each of `count` empty files in one directory.
 * @param {Fs} fs @param {number} count @param {() => number} usedBytes
 */
export function bytesPerFile(fs, count, usedBytes) {
  fs.mkdirSync('/memory');
  const before = usedBytes();
  for (let i = 0; i < count; i++) fs.closeSync(fs.openSync(`/memory/file-${i}`, 'w'));
  const bytes = usedBytes() - before;
  fs.rmSync('/memory', { recursive: true });
  return bytes / count;
}

/** Of the JavaScript heap and what it holds outside. */
export function heapBytes() {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
