import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatTime, visible } from './format.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [10 * 1024, '10 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [2 ** 60, '1048576 TiB'],
  ])('says %i as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatCount', () => {
  it.each([
    [0, '0 files'],
    [1, '1 file'],
    [1234567, '1,234,567 files'],
  ])('says %i as %s', (count, text) => expect(formatCount(count, 'file')).toBe(text));
});

describe('formatTime', () => {
  const now = new Date(2026, 10, 20, 23, 59, 58).getTime();

  it('says the day only when it is another one', () => {
    expect(formatTime(now - 1000, now)).toBe('23:59:57');
    expect(formatTime(new Date(2026, 0, 2, 3, 4, 5).getTime(), now)).toBe('2026-01-02 03:04:05');
  });
});

describe('visible', () => {
  it.each([
    ['/<b>"&\u{1f600}é\ufffd', '/<b>"&\u{1f600}é\ufffd'],
    ['a\nb\u0000', 'a⟨U+000A⟩b⟨U+0000⟩'],
    ['rtl\u202egpj', 'rtl⟨U+202E⟩gpj'],
    ['\u2066\u200f\u0085', '⟨U+2066⟩⟨U+200F⟩⟨U+0085⟩'],
  ])('shows %j as %j', (name, text) => expect(visible(name)).toBe(text));
});
