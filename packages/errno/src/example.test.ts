import { describe, expect, it } from 'vitest';
import { close, readTextSync } from '../examples/in-memory-files.ts';

describe('the example in the README', () => {
  it('throws what node:fs would', () => {
    expect(readTextSync('/hello.txt')).toBe('hello');
    expect(() => readTextSync('/missing.txt')).toThrow(
      expect.objectContaining({
        code: 'ENOENT',
        errno: -2,
        message: "ENOENT: no such file or directory, open '/missing.txt'",
        path: '/missing.txt',
        syscall: 'open',
      }),
    );
    expect(() => readTextSync(5 as never)).toThrow(TypeError);
    close();
    expect(() => readTextSync('/hello.txt')).toThrow('The store is closed');
  });
});
