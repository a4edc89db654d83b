import type { Volume, VolumeEvent } from '@ram/fs-core';

const types = [
  'created',
  'closed',
  'truncated',
  'attributes',
  'renamed',
  'removed',
  'mounted',
  'unmounted',
] as const;

/**
 * What a page wants to hear of a Volume. Reads and writes aren't among it: there are many, and a
 * close tells of them together.
 */
export function volumeEvents(volume: Volume, signal: AbortSignal): AsyncIterable<VolumeEvent> {
  // Copies of contents: an image is what it was at its close, also when it is overwritten at once.
  return volume.events({ types, signal, contents: true });
}
