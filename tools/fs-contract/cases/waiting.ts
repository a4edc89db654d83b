// Steps of a case that wait in the kernel for another client.
import { readFileSync } from 'node:fs';
import type { Client } from '../src/client.ts';

const waitTimeoutMs = 5000;

/** Returns when a client is within a call that waits. */
function untilItWaits(pid: number): void {
  const giveUp = performance.now() + waitTimeoutMs;
  const inRead = /^(0|63|running)\b/;
  while (inRead.test(readFileSync(`/proc/${pid}/syscall`, 'utf8'))) {
    if (performance.now() > giveUp) throw new Error('it does not wait');
  }
}

/** Begins to wait for a lock; what is returned comes back when that is over. */
export function waiting(client: Client, begin: () => () => void): () => void {
  const pid = client.raw('getpid');
  const end = begin();
  untilItWaits(pid);
  return end;
}
