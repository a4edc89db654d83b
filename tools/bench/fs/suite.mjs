// File systems: volume.fs beside memfs and node:fs, and mounts beside tmpfs.
import { runInProcess } from './in-process.mjs';
import { runThroughMount } from './through-mount.mjs';

/**
 * @param {object} options
 * @param {string[]} options.cases Parts of names; none means all. `inside` and `mount` choose a half.
 * @param {boolean} options.quick
 * @param {((line: string) => void) | undefined} options.report
 */
export async function run({ cases, quick, report = () => {} }) {
  const halves = cases.filter((name) => ['inside', 'mount'].includes(name));
  const options = { cases: cases.filter((name) => !halves.includes(name)), quick, report };
  const wants = (/** @type {string} */ half) => halves.length === 0 || halves.includes(half);
  report('in process: µs per operation (times as fast as memfs)');
  const inProcess = wants('inside') ? await runInProcess(options) : [];
  report('\nthrough the mount: µs per operation (times as fast as tmpfs) [requests per operation]');
  const throughMount = wants('mount') ? await runThroughMount(options) : [];
  return { inProcess, throughMount };
}
