import { toPlainError } from '@ram/daemon';
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command's results go: lines for people, or one JSON document. */
export interface Output {
  readonly json: boolean;
  /** For standard output. */
  readonly colors: Colors;
  /** The result: the text, or the value as JSON. Once for a command. */
  result(value: unknown, text: string): void;
  /** Standard error, not with --json. */
  notice(text: string): void;
  /** Standard error; with --json `{ "error": … }` on standard output. */
  failure(error: unknown): void;
}

export function createOutput(json: boolean): Output {
  const plain = pc.createColors(false);
  const allowed = pc.isColorSupported && !json;
  const colors = allowed && process.stdout.isTTY ? pc : plain;
  const errorColors = allowed && process.stderr.isTTY ? pc : plain;
  return {
    json,
    colors,
    result(value, text) {
      process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text);
    },
    notice(text) {
      if (!json) process.stderr.write(`ram: ${text}\n`);
    },
    failure(error) {
      const plainError = toPlainError(error);
      if (json) {
        process.stdout.write(`${JSON.stringify({ error: plainError }, null, 2)}\n`);
        return;
      }
      const { message, hint } = plainError;
      const advice = hint === undefined ? '' : `. ${hint}`;
      process.stderr.write(`${errorColors.red('ram:')} ${message}${advice}\n`);
    },
  };
}
