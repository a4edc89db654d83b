import { checkOptions } from '../size.ts';
import * as layout from './layout.ts';
import type { RingProducer } from './producer.ts';
import { RecordRing, createMemory, openMemory, openToken, receiveMemory } from './record-ring.ts';
import type { RecordRingOptions, RingToken } from './record-ring.ts';
import type { RingMemory } from './ring-memory.ts';

/**
 * A ring of records with one producer and one consumer, in any two threads or processes of a user.
 * A ring object belongs to one thread; others open the ring anew, by token, descriptor or name.
 */
export class SpscRing extends RecordRing {
  private constructor(memory: RingMemory) {
    super(memory, layout.kindSpsc, 'SpscRing');
  }

  /**
   * Makes a ring; all its memory is allocated.
   * @param sizeBytes Rounded up to a power of two, at least a page; at most 1 GiB.
   * @throws ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE (name), EEXIST, ENOSPC, ENOMEM
   */
  static create(sizeBytes: number, options: RecordRingOptions = {}): SpscRing {
    return new SpscRing(createMemory(layout.kindSpsc, sizeBytes, options));
  }

  /**
   * Opens a named ring.
   * @throws ENOENT, ERR_RAM_NOT_A_RING, ERR_RAM_RING_VERSION, ERR_RAM_RING_DAMAGED,
   *   ERR_RAM_RING_OWNER, ERR_RAM_RING_KIND
   */
  static open(name: string): SpscRing {
    return new SpscRing(openMemory(name));
  }

  /** Opens the ring of a descriptor that was inherited or received. It stays the caller's. */
  static fromDescriptor(descriptor: number): SpscRing {
    return new SpscRing(openMemory(descriptor));
  }

  /** Opens the ring that `ring.token()` named in this or another process of this user. */
  static fromToken(token: RingToken): SpscRing {
    return new SpscRing(openToken(token));
  }

  /** Gets the ring from a process that serves it on a unix socket (`ring.serve`). */
  static async receive(path: string, options: { timeoutMs?: number } = {}): Promise<SpscRing> {
    checkOptions(options);
    return new SpscRing(await receiveMemory(path, options.timeoutMs));
  }

  /**
   * Attaches the producer. Its `close()` ends the ring.
   * @throws ERR_RAM_RING_BUSY, ERR_RAM_RING_CLOSED
   */
  producer(): RingProducer {
    return this.attachProducer();
  }
}
