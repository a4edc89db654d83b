import { mkdirSync, rmSync } from 'node:fs';
import { peer } from './contenders.ts';
import type { Operation } from './operations.ts';

export interface Result {
  contender: string;
  /** Of one operation: the median of the rounds. */
  microseconds: number;
  /** How many times as long as tmpfs takes: the median of the rounds' ratios. */
  timesTmpfs: number;
  /** Requests of the kernel for one operation, by name; in the last round. */
  requests: Record<string, number>;
}

export interface Row {
  operation: string;
  /** Operations in a round. */
  count: number;
  rounds: number;
  results: Result[];
}

/** What is measured: see Contender. */
export interface Measurable {
  readonly name: string;
  readonly directory: string;
  requests(): Promise<Record<string, number>>;
}

const nobodyWaitsFor = new Set(['FORGET', 'BATCH_FORGET', 'INTERRUPT']);

/** In turns: what slows the machine slows all of them, and what counts are the ratios. */
export async function compare(
  operation: Operation,
  contenders: readonly Measurable[],
  { count, rounds }: { count: number; rounds: number },
): Promise<Row> {
  const times = contenders.map((): number[] => []);
  const requests = contenders.map((): Record<string, number> => ({}));
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const measured = await measure(operation, contender, count);
      times[index]?.push(measured.microseconds);
      requests[index] = measured.requests;
    }
  }
  const peerTimes = times[contenders.findIndex(({ name }) => name === peer)] ?? [];
  const results = contenders.map(({ name }, index) => {
    const own = times[index] ?? [];
    return {
      contender: name,
      microseconds: median(own),
      timesTmpfs: median(own.map((time, round) => time / (peerTimes[round] ?? NaN))),
      requests: requests[index] ?? {},
    };
  });
  return { operation: operation.name, count, rounds, results };
}

async function measure(operation: Operation, contender: Measurable, count: number) {
  const directory = `${contender.directory}/bench`;
  mkdirSync(directory);
  try {
    operation.prepare?.(directory, count);
    const before = await contender.requests();
    const start = process.hrtime.bigint();
    operation.run(directory, count);
    const elapsed = Number(process.hrtime.bigint() - start);
    const after = await contender.requests();
    return { microseconds: elapsed / count / 1000, requests: sent(before, after, count) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function sent(before: Record<string, number>, after: Record<string, number>, count: number) {
  const grown = Object.entries(after)
    .map(([name, total]) => [name, (total - (before[name] ?? 0)) / count] as const)
    .filter(([name, number]) => number > 0 && !nobodyWaitsFor.has(name));
  return Object.fromEntries(grown);
}

/** Exported for its test. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
