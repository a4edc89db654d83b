// Those who cause events: each contestant has a process of its own, with a Volume and its listeners
// in the main thread; the operations are made in a worker, or by another process through a mount.
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** @typedef {import('./listeners.mjs').Way} Way */

/**
 * @typedef {object} Actor
 * @property {(count: number) => Promise<number>} run Operations in a second.
 * @property {() => Promise<void>} close
 */

/** @param {Way} way */
export const startInProcess = (way) => startActor('in-process', way);

/** @param {Way} way */
export const startOnMount = (way) => startActor('mount', way);

/** @param {string} place @param {Way} way @returns {Promise<Actor>} */
async function startActor(place, way) {
  const child = fork(new URL('actor.mjs', import.meta.url), [place, way]);
  await once(child, 'message');
  return {
    async run(count) {
      child.send(count);
      const [elapsedMs] = await once(child, 'message');
      return (count / elapsedMs) * 1000;
    },
    async close() {
      child.send(0);
      await once(child, 'exit');
    },
  };
}
