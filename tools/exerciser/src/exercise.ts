import { runCommand } from '@ram/test-support';
import { buildProgram } from './build.ts';

/** How a run ended: the line with its counts, or what was wrong. */
export interface Outcome {
  passed: boolean;
  report: string;
}

/**
 * Runs the exerciser in a directory. It gets a second longer for each that was asked for, and a
 * minute for its steps, on a machine that is busy.
 */
export async function exercise(directory: string, args: readonly string[]): Promise<Outcome> {
  const seconds = Number(args[args.indexOf('--seconds') + 1]) || 60;
  const { code, stdout, stderr, timedOut } = await runCommand(
    buildProgram('exercise'),
    [...args, directory],
    { timeoutMs: (60 + 3 * seconds) * 1000 },
  );
  const report = `${stdout}${stderr}${timedOut ? 'it hangs\n' : ''}`;
  return { passed: code === 0, report };
}

/** What Linux does not promise of a FUSE mount (README.md, "What is forgiven"). */
export const forgiven: readonly string[] = ['--stale-links', '--late-stores'];
