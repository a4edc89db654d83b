import { exitCodeOf } from '@ram/daemon';
import { CommanderError } from 'commander';
import { checkEncoding } from './check-encoding.ts';
import { createOutput } from './output.ts';
import { buildProgram } from './program.ts';
import { usageError } from './usage-error.ts';

/**
 * The command `ram`; sets the exit code of the process.
 * @param args Without the program's name.
 */
export async function runRam(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`ram status | head -1`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const program = buildProgram();
  try {
    process.exitCode = 0;
    checkEncoding(args);
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const failure = error instanceof CommanderError ? usageError(error, program, args) : error;
    // Looked for here too: what can't be parsed has no options.
    createOutput(args.includes('--json')).failure(failure);
    process.exitCode = exitCodeOf(failure);
  }
}
