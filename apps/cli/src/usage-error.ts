import { appError } from '@ram/daemon';
import type { CommanderError } from 'commander';

/** What commander says about wrong arguments, in our words and with our exit code. */
export function usageError({ message, code }: CommanderError): Error {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(' ') || first)?.[1];
  const text = first.replace(/\s*\(Did you mean .*\)$/, '');
  const hint =
    suggestion === undefined
      ? `See ${code === 'commander.unknownCommand' ? 'ram' : 'the command with'} --help`
      : `Did you mean ${suggestion}?`;
  return appError('ERR_RAM_USAGE', text, hint);
}
