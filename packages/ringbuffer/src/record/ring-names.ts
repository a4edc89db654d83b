import { readdirSync, unlinkSync } from 'node:fs';
import { invalidArgument, invalidValue } from '@ram/errno';
import { native } from '../native.ts';
import * as layout from './layout.ts';
import { RingMemory } from './ring-memory.ts';

const directory = '/dev/shm';
const prefix = 'ram-ring.';
const pattern = /^[\w][\w.+-]{0,199}$/;

/** What there is to know of a named ring without taking part in it. */
export interface RingStatus {
  name: string;
  kind: 'spsc' | 'mpsc';
  capacityBytes: number;
  /** Bytes of unread records, with their headers. */
  usedBytes: number;
  consumer: PeerStatus;
  /** Of an SPSC ring its producer; of an MPSC ring whether any lives. */
  producer: PeerStatus;
  producers: number;
  /** No more records come. */
  ended: boolean;
  failed: boolean;
  /** Records that producers counted as lost, since the consumer last asked. */
  lost: number;
}

/** `dead`: it was killed, or left without a word. */
export type PeerStatus = 'none' | 'attached' | 'dead';

/**
 * Where a named ring lies.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
 */
export function ringPath(name: string): string {
  if (typeof name !== 'string') throw invalidArgument('name', 'string', name);
  if (!pattern.test(name)) {
    throw invalidValue('name', name, 'must be up to 200 letters, digits and any of . + - _');
  }
  return `${directory}/${prefix}${name}`;
}

/** The names of this user's rings; others' are left out. */
export function listRings(): string[] {
  return readdirSync(directory)
    .filter((file) => file.startsWith(prefix))
    .map((file) => file.slice(prefix.length))
    .filter((name) => {
      try {
        RingMemory.open(ringPath(name)).close();
        return true;
      } catch {
        return false;
      }
    })
    .toSorted();
}

/** @throws as opening the ring */
export function ringStatus(name: string): RingStatus {
  native();
  const memory = RingMemory.open(ringPath(name));
  try {
    const bits = memory.load(layout.stateAt);
    const filled = (memory.load(layout.tailAt) - memory.load(layout.headAt)) | 0;
    const spsc = memory.kind === layout.kindSpsc;
    const members = Array.from({ length: spsc ? 1 : layout.slots - 1 }, (_, i) =>
      peerStatus(memory, i + 1),
    );
    const attached = members.filter((member) => member === 'attached').length;
    const dead = members.includes('dead') ? 'dead' : 'none';
    return {
      name,
      kind: spsc ? 'spsc' : 'mpsc',
      capacityBytes: memory.capacityBytes,
      usedBytes: filled * layout.unit,
      consumer: peerStatus(memory, 0),
      producer: attached > 0 ? 'attached' : dead,
      producers: attached,
      ended: (bits & layout.ended) !== 0,
      failed: (bits & layout.failed) !== 0,
      lost: memory.load(layout.lostAt) >>> 0,
    };
  } finally {
    memory.close();
  }
}

/**
 * Removes the name; who has the ring open keeps it.
 * @throws ENOENT, and ERR_RAM_NOT_A_RING and the like: nothing but a ring of this user is removed
 */
export function removeRing(name: string): void {
  const path = ringPath(name);
  RingMemory.open(path).close();
  unlinkSync(path);
}

function peerStatus(memory: RingMemory, slot: number): PeerStatus {
  if (!memory.isAttached(slot)) return 'none';
  return memory.isAbandoned(slot) ? 'dead' : 'attached';
}
