// What the outcomes on a surface mean, given what it declares.
import type { Outcome } from './run-cases.ts';
import type { SurfaceDefinition } from './surfaces.ts';

export interface Verdict {
  id: string;
  /** `limited`: fails as declared. `lacks`: asks for a call that is declared to be missing. */
  verdict: 'passed' | 'failed' | 'limited' | 'lacks';
  detail: string;
}

/** @param all Whether every case was run, so that limits of cases that are gone show. */
export function judge(
  outcomes: readonly Outcome[],
  { limits, lacks }: Pick<SurfaceDefinition, 'limits' | 'lacks'>,
  all: boolean,
): Verdict[] {
  const verdicts = outcomes.map(({ id, result, detail = '' }): Verdict => {
    const limit = limits[id];
    if (result === 'lacks') {
      if (lacks.includes(detail)) return { id, verdict: 'lacks', detail };
      return { id, verdict: 'failed', detail: `the surface does not declare to lack: ${detail}` };
    }
    if (limit === undefined) return { id, verdict: result, detail };
    if (result === 'failed') return { id, verdict: 'limited', detail: limit };
    return { id, verdict: 'failed', detail: `passes; take it off the limits (${limit})` };
  });
  const known = new Set(outcomes.map(({ id }) => id));
  const gone = all ? Object.keys(limits).filter((id) => !known.has(id)) : [];
  const stale = gone.map((id) => ({ id, detail: 'a limit of no case' }));
  return [...verdicts, ...stale.map((one) => ({ ...one, verdict: 'failed' as const }))];
}

/** How many cases ask for each of the missing calls: `chdir 1, mmap 9`. */
export function summarizeLacks(verdicts: readonly Verdict[]): string {
  const counts = new Map<string, number>();
  for (const { verdict, detail } of verdicts) {
    if (verdict === 'lacks') counts.set(detail, (counts.get(detail) ?? 0) + 1);
  }
  return [...counts]
    .toSorted()
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');
}
