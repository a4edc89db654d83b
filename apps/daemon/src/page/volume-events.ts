import { once } from 'node:events';
import type { Volume } from '@ram/fs-core';
import type { DiskEvent } from './page-disk.ts';

const types = [
  'created',
  'closed',
  'truncated',
  'attributes',
  'renamed',
  'removed',
  'mounted',
  'unmounted',
  'overflow',
] as const;

interface WithEvents {
  events(options: { types: typeof types; signal: AbortSignal }): AsyncIterable<DiskEvent>;
}

/** What a page wants to hear of a Volume. */
export async function* volumeEvents(volume: Volume, signal: AbortSignal): AsyncIterable<DiskEvent> {
  const source = volume as Volume & Partial<WithEvents>;
  if (source.events === undefined) await once(signal, 'abort');
  else yield* source.events({ types, signal });
}
