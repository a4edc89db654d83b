// The listeners whose cost is measured.

/** @typedef {'none' | 'removed' | 'other' | 'fast' | 'slow'} Way */

const types = /** @type {const} */ ([
  'created',
  'opened',
  'read',
  'written',
  'truncated',
  'closed',
  'renamed',
  'removed',
]);

/** @param {import('@ram/fs-core').Volume} volume @param {Way} way */
export function listen(volume, way) {
  const listener = way === 'slow' ? dawdle : () => {};
  if (way === 'other') volume.on('mounted', listener);
  if (way === 'removed') volume.on('written', listener).off('written', listener);
  if (way !== 'fast' && way !== 'slow') return;
  for (const type of types) volume.on(type, listener, { maxQueued: 1000 });
}

function dawdle() {
  const end = performance.now() + 1;
  while (performance.now() < end) {
    // Much to do.
  }
}
