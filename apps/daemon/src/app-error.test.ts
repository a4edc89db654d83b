import { describe, expect, it } from 'vitest';
import { appError, exitCodeOf, fromPlainError, toPlainError } from './app-error.ts';

describe('errors of the apps', () => {
  it('keep code, message and hint on their way between processes', () => {
    const error = appError('ERR_RAM_BUSY', 'in use', 'Close it');
    const plain = JSON.parse(JSON.stringify(toPlainError(error)));
    expect(plain).toEqual({ code: 'ERR_RAM_BUSY', message: 'in use', hint: 'Close it' });
    expect(fromPlainError(plain)).toMatchObject(plain);
    expect(exitCodeOf(fromPlainError(plain))).toBe(4);
  });

  it('are one line each, whatever was thrown', () => {
    expect(toPlainError(new Error('a\n  b'))).toEqual({ code: 'ERR_RAM_FAILED', message: 'a b' });
    expect(toPlainError('text')).toEqual({ code: 'ERR_RAM_FAILED', message: 'text' });
    expect(exitCodeOf(new Error('x'))).toBe(1);
    expect(exitCodeOf(undefined)).toBe(1);
    expect(exitCodeOf({ code: 'constructor' })).toBe(1);
  });
});
