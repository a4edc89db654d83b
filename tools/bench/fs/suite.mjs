// File systems: volume.fs beside memfs and node:fs, and mounts beside tmpfs.
import { runInProcess } from './in-process.mjs';
import { runClients } from '../parallel/clients.mjs';
import { runRequests } from '../parallel/requests.mjs';
import { onDemand } from './mounts.mjs';
import { runThroughMount } from './through-mount.mjs';

/**
 * @param {object} options
 * @param {string[]} options.cases Parts of names; none means all. `inside`, `mount` and
 *   `parallel` choose a part, names of contenders on demand add those.
 * @param {boolean} options.quick
 * @param {((line: string) => void) | undefined} options.report
 */
export async function run({ cases, quick, report = () => {} }) {
  const parts = cases.filter((name) => ['inside', 'mount', 'parallel'].includes(name));
  const also = cases.filter((name) => name in onDemand);
  const rest = cases.filter((name) => !parts.includes(name) && !also.includes(name));
  const options = { cases: rest, quick, report };
  const wants = (/** @type {string} */ part) => parts.length === 0 || parts.includes(part);
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
  /** @type {import('../parallel/requests.mjs').RequestsRow[]} */
  let requests = [];
  /** @type {import('../parallel/clients.mjs').ClientsRow[]} */
  let clients = [];
  if (wants('parallel')) {
    report('\nrequests without a kernel: ns of one thread, times as many by two, locks');
    requests = runRequests(options);
    report('\nby one client and by two: times as many, at most with all CPUs busy, CPU time');
    clients = await runClients({ ...options, also });
  }
  return { inProcess, throughMount, requests, clients };
}
