import { describe, expect, it } from 'vitest';
import { makerLives, parseRecord, writeRecord } from './record.ts';
import type { ContentRecord } from './record.ts';

describe('a record', () => {
  const links = ['/a', '/with:colon,and=signs', '/new\nline', '/\xff\xfe', `/${'x'.repeat(255)}`];
  it.each(links)('leads back to %j', (link) => {
    const original = { sizeBytes: 7, modified: 1_700_000_000_123_456_789n };
    const record = parseRecord(writeRecord(link, original)) as ContentRecord;
    expect(record).toMatchObject({ link, original });
    expect(makerLives(record)).toBe(true);
  });

  it('knows that its maker is gone, also when its number was given again', () => {
    const at = (pid: number, startTicks: string): ContentRecord => ({
      link: '/a',
      maker: { pid, startTicks },
      original: undefined,
    });
    expect(makerLives(at(process.pid, '1'))).toBe(false);
    expect(makerLives(at(2 ** 30, '1'))).toBe(false);
    expect(makerLives({ link: '/a', maker: undefined, original: undefined })).toBe(false);
  });

  const damaged = [
    '',
    '/home/me/notes',
    'memfile:',
    'memfile:0:pid=1.1:/a',
    'memfile:x:pid=1.1:/a',
    'memfile:1:/a',
    'memfile:1:pid=1.1:',
    'memfile:1:pid=1.1:relative',
    'memfile:1:pid=1:/a',
    'memfile:1:other=1.1:/a',
  ];
  it.each(damaged)('that says %j is damaged', (text) => {
    expect(parseRecord(text)).toBe('damaged');
  });

  it.each(['memfile:2:', 'memfile:2:anything at all', 'memfile:999:/a'])(
    'that says %j is of a newer version',
    (text) => {
      expect(parseRecord(text)).toBe('newer');
    },
  );
});
