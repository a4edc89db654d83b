// The child process that holds the mounts of the profile:
//   node side.mjs {"cases":[],"quick":false,"parent":"/tmp/x"}
// Prints a Row as JSON on each line.
import { mkdirSync, rmSync } from 'node:fs';
import { contenders, onDemand } from '../fs/mounts.mjs';
import { interleaved } from '../fs/rounds.mjs';
import { requestsOf } from '../fs/requests.mjs';
import { materialFolder, runCommand, workloads } from './workloads.mjs';

/** @typedef {import('../fs/mounts.mjs').Mount} Mount */

/** @type {{ cases: string[], quick: boolean, parent: string }} */
const { cases, quick, parent } = JSON.parse(process.argv[2] ?? '{}');
const all = { ...contenders, ...onDemand };
const names = cases.filter((name) => name in all);
const asked = cases.filter((name) => !(name in all));
const wanted = workloads.filter(
  ({ name }) => asked.length === 0 || asked.some((part) => name.includes(part)),
);
const material = materialFolder(quick);
for (const { gather } of wanted) gather?.(material, quick);
/** @type {Mount[]} */
const mounts = [];
try {
  for (const name of names.length === 0 ? ['tmpfs', 'cached', 'passthrough'] : names) {
    const make = all[name];
    if (make !== undefined) mounts.push(await make(`${parent}/${name}`));
  }
  for (const workload of wanted) console.log(JSON.stringify(await compare(workload)));
} finally {
  for (const mounted of mounts) await mounted.close();
}

/** @param {import('./workloads.mjs').Workload} workload */
async function compare({ name, prepare, command }) {
  const requests = mounts.map(() => /** @type {Record<string, number>} */ ({}));
  const turns = mounts.map((mounted, index) => ({
    name: mounted.name,
    async measure() {
      const directory = `${mounted.directory}/work`;
      mkdirSync(directory);
      prepare(directory, material, quick);
      let elapsed = NaN;
      requests[index] = await requestsOf(mounted, async () => {
        const begin = process.hrtime.bigint();
        runCommand(command(material), directory);
        elapsed = Number(process.hrtime.bigint() - begin);
      });
      rmSync(directory, { recursive: true });
      return elapsed;
    },
  }));
  const rounds = quick ? 1 : 3;
  const row = await interleaved(turns, {
    name,
    count: 1,
    rounds,
    peer: mounts[0]?.name ?? '',
  });
  return {
    ...row,
    contenders: row.contenders.map((one, index) => ({ ...one, requests: requests[index] })),
  };
}
