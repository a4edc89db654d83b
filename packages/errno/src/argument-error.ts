import { inspect } from 'node:util';
import { codedError } from './coded-error.ts';
import type { CodedError } from './coded-error.ts';

const inspectedLengthMax = 128;
const stringLengthMax = 28;

/**
 * The TypeError `ERR_INVALID_ARG_TYPE` as Node words it: `The "path" argument must be of type
 * string or an instance of Buffer or URL. Received type number (5)`.
 *
 * @param name The argument's name; with a dot (`'options.size'`) it is called a property.
 * @param expected Types in lower case (`'string'`) and classes with a capital (`'Buffer'`).
 * @param actual The value that was given; only described, never kept.
 */
export function invalidArgument(
  name: string,
  expected: string | readonly string[],
  actual: unknown,
): CodedError {
  const kinds = typeof expected === 'string' ? [expected] : expected;
  const kind = name.includes('.') ? 'property' : 'argument';
  const message =
    `The "${name}" ${kind} must be ${describeExpected(kinds)}. ` +
    `Received${describeReceived(actual)}`;
  return codedError(TypeError, 'ERR_INVALID_ARG_TYPE', message, invalidArgument);
}

/**
 * The TypeError `ERR_INVALID_ARG_VALUE` as Node words it: `The argument 'flags' is invalid.
 * Received 'zz'`.
 *
 * @param reason What follows the name, such as `'must be a string without null bytes'`.
 */
export function invalidValue(name: string, value: unknown, reason = 'is invalid'): CodedError {
  return valueError(name, value, reason, invalidValue);
}

/**
 * `ERR_INVALID_ARG_VALUE` for the first property of `options` that is not among `known`, so that a
 * misspelt name doesn't stand for the default; undefined when there is none. A property that is
 * undefined counts as absent.
 */
export function unknownOption(options: object, known: readonly string[]): CodedError | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const reason = `is not known; there are '${known.join("', '")}'`;
    return valueError(`options.${name}`, value, reason, unknownOption);
  }
  return undefined;
}

function valueError(
  name: string,
  value: unknown,
  reason: string,
  caller: (...args: never[]) => unknown,
): CodedError {
  const kind = name.includes('.') ? 'property' : 'argument';
  let shown = inspect(value);
  if (shown.length > inspectedLengthMax) shown = `${shown.slice(0, inspectedLengthMax)}...`;
  const message = `The ${kind} '${name}' ${reason}. Received ${shown}`;
  return codedError(TypeError, 'ERR_INVALID_ARG_VALUE', message, caller);
}

/**
 * The RangeError `ERR_OUT_OF_RANGE` as Node words it: `The value of "fd" is out of range. It must
 * be >= 0 && <= 2147483647. Received -1`.
 *
 * @param range What the value must be, such as `'an integer'` or `'>= 0 && <= 4096'`.
 */
export function outOfRange(name: string, range: string, received: unknown): CodedError {
  const message =
    `The value of "${name}" is out of range. It must be ${range}. ` +
    `Received ${describeNumber(received)}`;
  return codedError(RangeError, 'ERR_OUT_OF_RANGE', message, outOfRange);
}

function describeExpected(kinds: readonly string[]): string {
  const types = kinds.filter((kind) => kind === kind.toLowerCase());
  const classes = kinds.filter((kind) => kind !== kind.toLowerCase());
  const parts: string[] = [];
  if (types.length > 0) parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${or(types)}`);
  if (classes.length > 0) parts.push(`an instance of ${or(classes)}`);
  return parts.join(' or ');
}

function or(words: readonly string[]): string {
  if (words.length < 3) return words.join(' or ');
  return `${words.slice(0, -1).join(', ')}, or ${words.at(-1)}`;
}

function describeReceived(value: unknown): string {
  if (value === null || value === undefined) return ` ${value}`;
  if (typeof value === 'function') return ` function ${value.name}`;
  if (typeof value === 'object') {
    const maker = (value as { constructor?: { name?: string } }).constructor?.name;
    return maker ? ` an instance of ${maker}` : ` ${inspect(value, { depth: -1 })}`;
  }
  let shown = inspect(value, { colors: false });
  if (shown.length > stringLengthMax) shown = `${shown.slice(0, stringLengthMax - 3)}...`;
  if (typeof value === 'string' && shown.endsWith('...')) shown = `'${value.slice(0, 25)}...'`;
  return ` type ${typeof value} (${shown})`;
}

function describeNumber(value: unknown): string {
  if (typeof value === 'bigint') {
    const large = value > 2n ** 32n || value < -(2n ** 32n);
    return `${large ? groupDigits(String(value)) : String(value)}n`;
  }
  if (Number.isInteger(value) && Math.abs(value as number) > 2 ** 32) {
    return groupDigits(String(value));
  }
  return inspect(value);
}

function groupDigits(digits: string): string {
  return digits.replaceAll(/\B(?=(\d{3})+$)/g, '_');
}
