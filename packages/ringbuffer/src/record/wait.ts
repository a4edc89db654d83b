/** How a blocking call waits. */
export interface WaitOptions {
  /** Default: for ever. 0: not at all. */
  timeoutMs?: number;
  /** First looks again and again for so long, without giving the CPU away. Default 0. */
  spinMs?: number;
}

/** Calls `attempt` until it answers true or `limitMs` have passed. */
export function spinUntil(attempt: () => boolean, limitMs: number): boolean {
  const end = performance.now() + limitMs;
  do {
    // The clock costs more than an attempt.
    for (let round = 0; round < 100; round++) if (attempt()) return true;
  } while (performance.now() < end);
  return false;
}
