import { readFileSync, readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects, and lets the finalizers run, which Node does in later turns of the event loop. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    gc();
    await setImmediate();
  }
}

/** Mappings and descriptors of this process, and the shared memory that it has mapped. */
export function countResources(): { descriptors: number; mappings: number; sharedBytes: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'utf8').split('\n').filter(isMirror).length,
    sharedBytes: Number(/RssShmem:\s+(\d+)/.exec(status)?.[1]) * 1024,
  };
}

function isMirror(line: string): boolean {
  return /memfd:ram-|SYSV|ram-ring|\/dev\/zero|#\d+ \(deleted\)/.test(line);
}
