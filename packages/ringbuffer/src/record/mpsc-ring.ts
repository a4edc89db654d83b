import { checkOptions } from '../size.ts';
import * as layout from './layout.ts';
import type { RingProducer } from './producer.ts';
import { RecordRing, createMemory, openMemory, openToken, receiveMemory } from './record-ring.ts';
import type { RecordRingOptions, RingToken } from './record-ring.ts';
import type { RingMemory } from './ring-memory.ts';

/**
 * A ring of records with up to 1023 producers and one consumer, in any threads and processes of a
 * user. A ring object belongs to one thread; others open the ring anew, by token, descriptor or
 * name. Costs about twice what an SpscRing does, for the lock.
 */
export class MpscRing extends RecordRing {
  private constructor(memory: RingMemory) {
    super(memory, layout.kindMpsc, 'MpscRing');
  }

  /**
   * Makes a ring; all its memory is allocated.
   * @param sizeBytes Rounded up to a power of two, at least a page; at most 1 GiB.
   * @throws ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE (name), EEXIST, ENOSPC, ENOMEM
   */
  static create(sizeBytes: number, options: RecordRingOptions = {}): MpscRing {
    return new MpscRing(createMemory(layout.kindMpsc, sizeBytes, options));
  }

  /**
   * Opens a named ring.
   * @throws ENOENT, ERR_RAM_NOT_A_RING, ERR_RAM_RING_VERSION, ERR_RAM_RING_DAMAGED,
   *   ERR_RAM_RING_OWNER, ERR_RAM_RING_KIND
   */
  static open(name: string): MpscRing {
    return new MpscRing(openMemory(name));
  }

  /** Opens the ring of a descriptor that was inherited or received. It stays the caller's. */
  static fromDescriptor(descriptor: number): MpscRing {
    return new MpscRing(openMemory(descriptor));
  }

  /** Opens the ring that `ring.token()` named in this or another process of this user. */
  static fromToken(token: RingToken): MpscRing {
    return new MpscRing(openToken(token));
  }

  /** Gets the ring from a process that serves it on a unix socket (`ring.serve`). */
  static async receive(path: string, options: { timeoutMs?: number } = {}): Promise<MpscRing> {
    checkOptions(options);
    return new MpscRing(await receiveMemory(path, options.timeoutMs));
  }

  /**
   * Attaches a producer. Its `close()` leaves the ring to the others; `end()` ends it for all.
   * @throws ERR_RAM_RING_BUSY, ERR_RAM_RING_CLOSED
   */
  producer(): RingProducer {
    return this.attachProducer();
  }
}
