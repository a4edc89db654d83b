// oxlint-disable unicorn/require-post-message-target-origin -- threads, not windows
// How fast events reach JavaScript.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';

/** @typedef {'listener' | 'iterator'} Kind */

/**
 * Events that wait already: from the first that is delivered to the last.
 * @param {Kind} kind @param {number} most
 */
export async function deliverBurst(kind, most) {
  const count = Math.ceil(most);
  const volume = makeVolume();
  const delivered = hear(volume, kind, count);
  for (let i = 0; i < count; i += 1) volume.fs.chmodSync('/directory', 0o700);
  const rate = await delivered;
  volume.close();
  return rate;
}

/**
 * Events of another thread that works meanwhile: from the first to the last.
 * @param {Kind} kind @param {number} most
 */
export async function deliverFromThread(kind, most) {
  const count = Math.ceil(most);
  const volume = makeVolume();
  const thread = new Worker(new URL('chmod-worker.mjs', import.meta.url), {
    workerData: { token: volume.token },
  });
  await once(thread, 'message');
  const delivered = hear(volume, kind, count);
  thread.postMessage(count);
  const rate = await delivered;
  await thread.terminate();
  volume.close();
  return rate;
}

function makeVolume() {
  const volume = new Volume({ maxBytes: '8M' });
  volume.fs.mkdirSync('/directory');
  return volume;
}

/**
 * Delivered in a second, without those that were lost (which end it as well).
 * @param {Volume} volume @param {Kind} kind @param {number} count @returns {Promise<number>}
 */
async function hear(volume, kind, count) {
  let got = 0;
  let lost = 0;
  let start = 0;
  const rate = () => ((got - 1) / (performance.now() - start)) * 1000;
  /** @param {import('@ram/fs-core').VolumeEvent} event */
  const isLast = (event) => {
    if (event.type === 'overflow') lost += event.lost ?? 0;
    else if (got++ === 0) start = performance.now();
    return got + lost >= count;
  };
  if (kind === 'iterator') {
    for await (const event of volume.events({ types: ['attributes'] })) if (isLast(event)) break;
    return rate();
  }
  return new Promise((resolve) => {
    volume.on('attributes', (event) => {
      if (isLast(event)) resolve(rate());
    });
  });
}
