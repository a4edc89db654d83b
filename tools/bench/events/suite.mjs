// Events of a Volume: how many reach a listener, and what they cost those who cause them.
import { startInProcess, startOnMount } from './actors.mjs';
import { deliverBurst, deliverFromThread } from './delivery.mjs';

/** @typedef {import('../run-suite.mjs').Case} Case */
/** @typedef {import('./listeners.mjs').Way} Way */

/** Short rounds in turns: what the machine does beside them hits all contestants alike. */
const rounds = 9;

/** @type {Case[]} */
export const suite = [
  {
    name: 'delivered to one listener',
    unit: 'events/s',
    goal: '500,000',
    rounds,
    contestants: [
      { name: 'a listener, what waits', run: (scale) => deliverBurst('listener', 30_000 * scale) },
      { name: 'an iterator, what waits', run: (scale) => deliverBurst('iterator', 15_000 * scale) },
      {
        name: 'a listener, while another thread works',
        run: (scale) => deliverFromThread('listener', 4e5 * scale),
      },
    ],
  },
  {
    name: 'in the process, open-write-close',
    unit: 'operations/s',
    goal: '1x without a listener; a slow one like a fast one',
    rounds,
    contestants: ways(startInProcess, 30_000),
  },
  {
    name: 'through a mount, create-write-close-rename-unlink',
    unit: 'operations/s',
    goal: '1x without a listener; a slow one like a fast one',
    rounds: 7,
    contestants: ways(startOnMount, 1500),
  },
];

/**
 * @param {(way: Way) => Promise<import('./actors.mjs').Actor>} start
 * @param {number} count
 */
function ways(start, count) {
  /** @type {Record<string, Way>} */
  const names = {
    'a fast listener to all types': 'fast',
    'a slow listener to all types': 'slow',
    'a listener to other types': 'other',
    'a listener that was removed': 'removed',
    'no listener': 'none',
  };
  return Object.entries(names).map(([name, way]) => ({
    name,
    start: async () => {
      const actor = await start(way);
      return {
        run: (/** @type {number} */ scale) => actor.run(Math.ceil(count * scale)),
        close: actor.close,
      };
    },
  }));
}
