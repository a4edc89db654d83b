// The child process that holds the mounts:
//   node mount-side.mjs {"cases":[],"quick":false,"also":["fuse-native"],"parent":"/tmp/x"}
// Prints a Row as JSON on each line.
import { CallMaker } from './call-maker.mjs';
import { mountOperations } from './mount-operations.mjs';
import { contenders, onDemand } from './mounts.mjs';
import { requestsOf } from './requests.mjs';
import { interleaved } from './rounds.mjs';

/** @typedef {import('./mounts.mjs').Mount} Mount */
/** @typedef {import('./mount-operations.mjs').MountOperation} MountOperation */

/** @type {{ cases: string[], quick: boolean, also: string[], parent: string }} */
const { cases, quick, also, parent } = JSON.parse(process.argv[2] ?? '{}');
const calls = new CallMaker();
/** @type {Mount[]} */
const mounts = [];
try {
  const asked = Object.entries(onDemand).filter(([name]) => also.includes(name));
  for (const [name, make] of [...Object.entries(contenders), ...asked]) {
    mounts.push(await make(`${parent}/${name}`));
  }
  const wanted = mountOperations.filter(
    ({ name }, index) =>
      index === 0 || cases.length === 0 || cases.some((part) => name.includes(part)),
  );
  for (const operation of wanted) console.log(JSON.stringify(await compare(operation)));
} finally {
  calls.close();
  for (const mounted of mounts) await mounted.close();
}

/** @param {MountOperation} operation */
async function compare({ name, count, rounds = 5, fills = false }) {
  const times = quick ? Math.max(1, Math.ceil(count / 50)) : count;
  const requests = mounts.map(() => /** @type {Record<string, number>} */ ({}));
  const row = await interleaved(
    mounts.map((mounted, index) => ({
      name: mounted.name,
      async measure() {
        const { elapsed, sent } = await measure(mounted, name, times, fills);
        requests[index] = sent;
        return elapsed;
      },
    })),
    { name, count: times, rounds: quick ? 1 : rounds, peer: mounts[0]?.name ?? '' },
  );
  return {
    ...row,
    contenders: row.contenders.map((one, index) => ({ ...one, requests: requests[index] })),
  };
}

/** @param {Mount} mounted @param {string} name @param {number} count @param {boolean} fills */
async function measure(mounted, name, count, fills) {
  if (fills) mounted.fill('bench', count);
  await calls.start(name, `${mounted.directory}/bench`, count);
  let elapsed = NaN;
  const all = await requestsOf(mounted, async () => {
    elapsed = await calls.run();
  });
  await calls.end();
  const sent = Object.fromEntries(Object.entries(all).map(([name, sum]) => [name, sum / count]));
  return { elapsed, sent };
}
