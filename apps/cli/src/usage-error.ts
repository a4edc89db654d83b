import { appError } from '@ram/daemon';
import type { Command, CommanderError } from 'commander';

/** What commander says about wrong arguments, in our words and with our exit code. */
export function usageError(
  { code, message }: CommanderError,
  program: Command,
  args: readonly string[],
): Error {
  if (code === 'commander.help') return helpError(program, args);
  const text = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  const suggestion = /\s*\(Did you mean (.*)\?\)/.exec(text);
  const hint =
    suggestion === null
      ? `See ${['ram', ...commandPath(program, args), '--help'].join(' ')}`
      : `Did you mean ${suggestion[1]}?`;
  return appError(
    'ERR_RAM_USAGE',
    text.replace(suggestion?.[0] ?? '', '').replace(/\.$/, ''),
    hint,
  );
}

/** The names of the commands that were given: `ring`, `create`. */
function commandPath(program: Command, [first = '', ...rest]: readonly string[]): string[] {
  const command = program.commands.find((one) => [one.name(), ...one.aliases()].includes(first));
  return command === undefined ? [] : [command.name(), ...commandPath(command, rest)];
}

/** `ram ring`, `ram help mont`: the help was shown, but nothing done. */
function helpError(program: Command, args: readonly string[]): Error {
  const [first = '', second = ''] = args;
  if (first === 'help')
    return appError('ERR_RAM_USAGE', `unknown command '${second}'`, 'See above');
  const group = program.commands.find((one) => one.name() === first) ?? program;
  const names = group
    .createHelp()
    .visibleCommands(group)
    .map((one) => one.name());
  const list = names.filter((name) => name !== 'help').join(', ');
  return appError('ERR_RAM_USAGE', `ram ${first} needs a command`, `Give one of ${list}`);
}
