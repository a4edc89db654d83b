import { toPlainError } from '@ram/daemon';
import type { PlainError } from '@ram/daemon';
import type { KernelVersion } from '@ram/fuse';
import { compare } from './compare.ts';
import type { Row } from './compare.ts';
import { Contender } from './contender.ts';
import { contenderPlans, javaScript, peer, plainFuse } from './contenders.ts';
import { operations } from './operations.ts';

export interface MountBench {
  contenders: string[];
  /** What could not be mounted, and why. */
  missing: { contender: string; error: PlainError }[];
  operations: (Row & { costs: Costs })[];
}

/** In microseconds of one operation; null where one of the two is missing. */
export interface Costs {
  /** What the kernel driver takes above tmpfs: requests, and keeping caches true. */
  fuse: number | null;
  /** What fuse-native takes above the kernel driver. */
  javaScript: number | null;
}

export interface MountBenchOptions {
  /** Parts of names of operations; none means all. */
  wanted: readonly string[];
  /** One short round: proves only that it runs. */
  quick: boolean;
  kernel?: KernelVersion;
  progress(text: string): void;
}

const rounds = 5;
const quickPart = 20;

/** Mounts all contenders, measures in turns, and takes them away. */
export async function runMountBench(options: MountBenchOptions): Promise<MountBench> {
  const contenders: Contender[] = [];
  const missing: MountBench['missing'] = [];
  try {
    for (const plan of contenderPlans(options.kernel)) {
      try {
        contenders.push(await Contender.start(plan));
      } catch (error) {
        if (plan.name === peer) throw error;
        missing.push({ contender: plan.name, error: toPlainError(error) });
      }
    }
    const rows = await measureAll(contenders, options);
    return { contenders: contenders.map(({ name }) => name), missing, operations: rows };
  } finally {
    for (const contender of contenders) await contender.end();
  }
}

async function measureAll(
  contenders: readonly Contender[],
  { wanted, quick, progress }: MountBenchOptions,
): Promise<MountBench['operations']> {
  const rows: MountBench['operations'] = [];
  const chosen = chooseOperations(wanted);
  for (const [index, operation] of chosen.entries()) {
    progress(`${index + 1} of ${chosen.length}: ${operation.name}`);
    const count = quick ? Math.ceil(operation.count / quickPart) : operation.count;
    const row = await compare(operation, contenders, { count, rounds: quick ? 1 : rounds });
    rows.push({ ...row, costs: costsOf(row) });
  }
  return rows;
}

export function chooseOperations(wanted: readonly string[]) {
  return operations.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
}

/** Exported for its test. */
export function costsOf({ results }: Row): Costs {
  const timeOf = (name: string) =>
    results.find(({ contender }) => contender === name)?.microseconds ?? NaN;
  const difference = (a: string, b: string) => {
    const value = timeOf(a) - timeOf(b);
    return Number.isNaN(value) ? null : value;
  };
  return {
    fuse: difference(plainFuse, peer),
    javaScript: difference(javaScript, plainFuse),
  };
}
