// The kinds of events, in the order of native/core/event_record.h.
export const eventTypes = [
  'created',
  'opened',
  'read',
  'written',
  'truncated',
  'attributes',
  'closed',
  'renamed',
  'removed',
  'mounted',
  'unmounted',
] as const;

/**
 * What can happen to a file, or to a mount. `overflow` happens to a listener: it was too slow, and
 * `lost` events that it wanted were dropped.
 */
export type VolumeEventType = (typeof eventTypes)[number] | 'overflow';

const allBits = 2 ** eventTypes.length - 1;

/** The types as C++ takes them, a bit each. `overflow` reaches every listener. */
export function maskOf(types: readonly VolumeEventType[]): number {
  let mask = 0;
  for (const type of types) {
    const index = (eventTypes as readonly string[]).indexOf(type);
    if (index >= 0) mask |= 2 ** index;
  }
  return mask;
}

export const maskOfAll = allBits;

export function isEventType(value: unknown): value is VolumeEventType {
  return value === 'overflow' || (eventTypes as readonly unknown[]).includes(value);
}
