import { describe, expect, it } from 'vitest';
import { fromText, toText } from './byte-string.ts';
import { contentOfRecord, idOf, makeContentName, recordOf, stagePath } from './content-name.ts';

describe('the name of a content', () => {
  it('tells its origin, and is another each time', () => {
    const names = Array.from({ length: 2000 }, () => makeContentName('notes.txt'));
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^notes\.txt-memfile-[0-9a-f]{16}$/.test(name))).toEqual([]);
  });

  it('fits with its record into 255 bytes, and cuts no character in two', () => {
    const long = fromText('ü'.repeat(127) + 'x');
    const name = makeContentName(long);
    expect(recordOf(name).length).toBeLessThanOrEqual(255);
    expect(recordOf(name).length).toBeGreaterThan(250);
    expect(toText(name)).toMatch(/^ü+-memfile-/);
  });

  it('may hold any bytes', () => {
    const name = makeContentName('\xff\n\x01');
    expect(idOf(name)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is told from other names', () => {
    const others = [
      'notes',
      'a-memfile-123',
      '-memfile-0123456789abcdef',
      'a-memfile-0123456789ABCDEF',
    ];
    expect(others.map(idOf)).toEqual(others.map(() => undefined));
    expect(contentOfRecord('a-memfile-0123456789abcdef.link')).toBe('a-memfile-0123456789abcdef');
    expect(contentOfRecord('a.link')).toBeUndefined();
    expect(stagePath('/home/me/a', '/dev/shm/a-memfile-0123456789abcdef', 'in')).toBe(
      '/home/me/.memfile-0123456789abcdef.in',
    );
  });
});
