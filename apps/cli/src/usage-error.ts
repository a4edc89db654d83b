import { appError } from '@ram/daemon';
import type { Command, CommanderError } from 'commander';

/** What commander says about wrong arguments, in our words and with our exit code. */
export function usageError(
  { message }: CommanderError,
  program: Command,
  args: readonly string[],
): Error {
  const text = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  const suggestion = /\s*\(Did you mean (.*)\?\)/.exec(text);
  const first = args[0] ?? '';
  const command = program.commands.find((one) => [one.name(), ...one.aliases()].includes(first));
  const hint =
    suggestion === null
      ? `See ${['ram', command?.name(), '--help'].filter(Boolean).join(' ')}`
      : `Did you mean ${suggestion[1]}?`;
  return appError(
    'ERR_RAM_USAGE',
    text.replace(suggestion?.[0] ?? '', '').replace(/\.$/, ''),
    hint,
  );
}
