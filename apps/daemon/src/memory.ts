import { readFileSync } from 'node:fs';
import { defaultMaxBytes } from '@ram/fs-core';

export interface MachineMemory {
  /** RAM, or the limit of this process's cgroup if that is less. */
  memoryBytes: number;
  swapBytes: number;
}

export function readMemory(): MachineMemory {
  const meminfo = readFileSync('/proc/meminfo', 'latin1');
  const swapKib = /^SwapTotal:\s*(\d+) kB$/m.exec(meminfo)?.[1];
  // The Volume's default limit is half of what there is.
  return { memoryBytes: 2 * defaultMaxBytes(), swapBytes: Number(swapKib ?? 0) * 1024 };
}
