import { invalidArgument, outOfRange } from '@ram/errno';
import { native } from '../native.ts';

/** How a blocking call waits. */
export interface WaitOptions {
  /** Default: for ever. 0: not at all. */
  timeoutMs?: number;
  /**
   * First looks again and again for so long, without giving the CPU away. Default 0. For when a
   * CPU is free for each side; one that is busy with the peer's work is left to it after 20 µs.
   */
  spinMs?: number;
}

export const waitForEver: Required<WaitOptions> = { timeoutMs: Infinity, spinMs: 0 };

/** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function checkWaitOptions(options: WaitOptions): Required<WaitOptions> {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'Object', options);
  }
  const { timeoutMs = Infinity, spinMs = 0 } = options;
  checkTime('options.timeoutMs', timeoutMs);
  checkTime('options.spinMs', spinMs);
  return { timeoutMs, spinMs };
}

function checkTime(name: string, value: unknown): void {
  if (typeof value !== 'number') throw invalidArgument(name, 'number', value);
  if (!(value >= 0)) throw outOfRange(name, '>= 0', value);
}

const looksPerRound = 16;
const pauseNsMin = 250;
const pauseNsMax = 4_000;
/** From then on another thread gets the CPU when it wants it: the peer may be that one. */
const politeMs = 0.02;

/**
 * Looks again and again. When both sides run at full speed, one that follows the other record by
 * record makes both wait for the same cache lines; so it learns to let a part of the ring gather
 * between two looks. A single record, as in a ping-pong, is taken at once.
 */
export class Spinner {
  #pauseNs = 0;

  /**
   * @param look 0: nothing yet. Otherwise which part of the ring it has found ready, up to 1; 1
   *   also when it would have gained nothing by looking later.
   * @returns false when `limitMs` have passed.
   */
  until(look: () => number, limitMs: number): boolean {
    const { pause, yieldThread } = native();
    const start = performance.now();
    for (;;) {
      if (this.#pauseNs > 0) pause(this.#pauseNs);
      const looks = this.#pauseNs > 0 ? 1 : looksPerRound;
      for (let round = 0; round < looks; round++) {
        const ready = look();
        if (ready === 0) continue;
        this.#adapt(ready);
        return true;
      }
      this.#adapt(1);
      const spent = performance.now() - start;
      if (spent >= limitMs) return false;
      if (spent > politeMs) yieldThread();
    }
  }

  #adapt(ready: number): void {
    if (ready < 0.25) this.#pauseNs = Math.min(Math.max(2 * this.#pauseNs, pauseNsMin), pauseNsMax);
    else if (ready > 0.5) this.#pauseNs = this.#pauseNs > pauseNsMin ? this.#pauseNs >> 1 : 0;
  }
}
