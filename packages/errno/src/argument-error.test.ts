import * as fs from 'node:fs';
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { invalidArgument, invalidValue, outOfRange, unknownOption } from './index.ts';
import type { CodedError } from './index.ts';

const pathTypes = ['string', 'Buffer', 'URL'];
const bytes = Buffer.alloc(1);
class Named {}

const wrongValues: unknown[] = [
  undefined,
  null,
  5,
  NaN,
  10n,
  true,
  Symbol('a'),
  {},
  [1],
  () => {},
  Named,
  new Named(),
  Object.create(null),
];

describe('invalidArgument', () => {
  for (const value of wrongValues) {
    it(`words it as Node does for ${typeof value} ${label(value)}`, () => {
      const real = thrownBy(() => fs.openSync(value as string, 'r'));
      expectSame(invalidArgument('path', pathTypes, value), real);
    });
  }

  it('cuts long strings as Node does', () => {
    const value = 'abcdefghij'.repeat(5);
    const real = thrownBy(() => fs.readSync(value as never, bytes));
    expectSame(invalidArgument('fd', 'number', value), real);
  });

  it('says property for a name with a dot, as Node does', () => {
    const real = thrownBy(() => fs.mkdirSync('/tmp', { recursive: 1 as never }));
    expectSame(invalidArgument('options.recursive', 'boolean', 1), real);
  });

  it('lists many types', () => {
    expect(invalidArgument('size', ['number', 'bigint', 'string'], null).message).toBe(
      'The "size" argument must be one of type number, bigint, or string. Received null',
    );
  });
});

describe('invalidValue', () => {
  it('words it as Node does', () => {
    const real = thrownBy(() => fs.openSync('x', 'zz'));
    expectSame(invalidValue('flags', 'zz'), real);
  });

  it('takes a reason, and cuts long values, as Node does', () => {
    const value = `${'a'.repeat(300)}\0`;
    const real = thrownBy(() => fs.openSync(value, 'r'));
    const reason = /'path' (.*)\. Received/.exec(real.message)?.[1];
    expectSame(invalidValue('path', value, reason), real);
  });
});

describe('unknownOption', () => {
  it('names the first that is not known, and those that are', () => {
    const error = unknownOption({ path: '/', type: 'closed', x: 1 }, ['types', 'path']);
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
    expect(error?.message).toBe(
      "The property 'options.type' is not known; there are 'types', 'path'. Received 'closed'",
    );
    expect(error?.stack).not.toContain('argument-error.ts');
  });

  it('is nothing where all are known, or undefined', () => {
    expect(unknownOption({ path: '/', type: undefined }, ['types', 'path'])).toBeUndefined();
  });
});

describe('outOfRange', () => {
  for (const value of [-1, 2 ** 40, -(2 ** 40), 1.5]) {
    it(`words it as Node does for ${value}`, () => {
      const real = thrownBy(() => bytes.readUInt8(value));
      const range = Number.isInteger(value) ? '>= 0 and <= 0' : 'an integer';
      expectSame(outOfRange('offset', range, value), real);
    });
  }

  for (const value of [-(2n ** 70n), 2n ** 64n]) {
    it(`words it as Node does for ${value}n`, () => {
      const real = thrownBy(() => fs.readSync(0, bytes, 0, 1, value));
      const range = /must be (.*)\. Received/.exec(real.message)?.[1] ?? '';
      expectSame(outOfRange('position', range, value), real);
    });
  }
});

function expectSame(ours: CodedError, real: CodedError): void {
  expect(ours.message).toBe(real.message);
  expect(ours).toMatchObject({ code: real.code, name: real.name });
  expect(ours).toBeInstanceOf(real.name === 'RangeError' ? RangeError : TypeError);
  expect(Object.keys(ours)).toEqual(Object.keys(real));
  // Node's own errors lose the code in these two forms where C++ throws them.
  const printed = `${real.name} [${real.code}]: ${real.message}`;
  expect(String(ours)).toBe(printed);
  expect(head(ours)).toBe(printed);
  expect(ours.stack).toContain('argument-error.test.ts');
  expect(ours.stack).not.toContain('coded-error.ts');
}

/** What the stack says before the first frame. */
function head(error: Error): string {
  return error.stack?.split('\n    at ')[0] ?? '';
}

function label(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `(${Object.keys(value).length})`
    : String(value);
}

function thrownBy(act: () => unknown): CodedError {
  try {
    act();
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('nothing was thrown');
}
