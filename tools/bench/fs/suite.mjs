// File systems: volume.fs beside memfs and node:fs, and mounts beside tmpfs.
import { runInProcess } from './in-process.mjs';
import { onDemand } from './mounts.mjs';
import { runThroughMount } from './through-mount.mjs';

/**
 * @param {object} options
 * @param {string[]} options.cases Parts of names; none means all. `inside` and `mount` choose a
 *   half, names of contenders on demand add those.
 * @param {boolean} options.quick
 * @param {((line: string) => void) | undefined} options.report
 */
export async function run({ cases, quick, report = () => {} }) {
  const halves = cases.filter((name) => ['inside', 'mount'].includes(name));
  const also = cases.filter((name) => name in onDemand);
  const rest = cases.filter((name) => !halves.includes(name) && !also.includes(name));
  const options = { cases: rest, quick, report };
  const wants = (/** @type {string} */ half) => halves.length === 0 || halves.includes(half);
  /** @type {import('./rounds.mjs').Row[]} */
  let inProcess = [];
  /** @type {import('./rounds.mjs').Row[]} */
  let throughMount = [];
  if (wants('inside')) {
    report('in process: µs per operation (times as fast as memfs)');
    inProcess = await runInProcess(options);
  }
  if (wants('mount')) {
    report('\nthrough the mount: µs per operation (times as fast as tmpfs)');
    report('of what its requests cost as null requests + 15 % + what tmpfs takes: requests');
    throughMount = await runThroughMount({ ...options, also });
  }
  return { inProcess, throughMount };
}
