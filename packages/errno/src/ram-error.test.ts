import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ramError } from './index.ts';

describe('ramError', () => {
  it('is an Error with a code, whose stack starts at the caller', () => {
    const error = ramError('ERR_RAM_CLOSED', 'The volume is closed');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ERR_RAM_CLOSED', name: 'Error' });
    expect(Object.keys(error)).toEqual(['code']);
    expect(String(error)).toBe('Error [ERR_RAM_CLOSED]: The volume is closed');
    const [head, frame] = error.stack?.split('\n') ?? [];
    expect(head).toBe('Error [ERR_RAM_CLOSED]: The volume is closed');
    expect(frame).toContain('ram-error.test.ts');
  });

  it('is printed with its code once', () => {
    const printed = inspect(ramError('ERR_RAM_CLOSED', 'closed'));
    expect(printed.match(/Error \[ERR_RAM_CLOSED\]: closed/g)).toHaveLength(1);
  });

  it('takes a base class and a cause', () => {
    const cause = new Error('why');
    const error = ramError('ERR_RAM_SIZE', 'no size', { base: RangeError, cause });
    expect(error).toBeInstanceOf(RangeError);
    expect(error.cause).toBe(cause);
    expect(error.name).toBe('RangeError');
    expect('cause' in ramError('ERR_RAM_SIZE', 'no size')).toBe(false);
  });
});
