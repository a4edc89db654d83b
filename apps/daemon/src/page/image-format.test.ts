import { execFileSync } from 'node:child_process';
import { accessSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { requirement } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { imageTypeOf, readImageFormat, signatureBytes } from './image-format.ts';

const ffmpeg = requirement('ffmpeg', isProgram('ffmpeg'), 'install the package ffmpeg');

function isProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name));
      return true;
    } catch {
      return false;
    }
  });
}

/** One frame of a test picture. */
function encode(size: string, ...format: string[]): Buffer {
  const input = ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=1`, '-frames:v', '1'];
  return execFileSync('ffmpeg', ['-v', 'error', ...input, ...format, '-'], {
    maxBuffer: 64 * 2 ** 20,
  });
}

const formats: [string, string[]][] = [
  ['image/jpeg', ['-f', 'image2pipe', '-c:v', 'mjpeg']],
  ['image/png', ['-f', 'image2pipe', '-c:v', 'png']],
  ['image/gif', ['-f', 'gif']],
  ['image/webp', ['-f', 'webp', '-c:v', 'libwebp']],
  ['image/webp', ['-f', 'webp', '-c:v', 'libwebp', '-lossless', '1']],
  ['image/bmp', ['-f', 'image2pipe', '-c:v', 'bmp']],
];

ffmpeg.describe('readImageFormat of what ffmpeg wrote', () => {
  it.each(formats)('knows %s with %j', (type, args) => {
    const bytes = encode('322x201', ...args);
    expect(readImageFormat(bytes)).toEqual({ type, width: 322, height: 201, whole: true });
    expect(imageTypeOf(bytes.subarray(0, signatureBytes))).toBe(type);
  });

  it.each(formats)('never takes a part of %s with %j for the whole', (type, args) => {
    const bytes = encode('64x48', ...args);
    const step = Math.max(1, Math.floor(bytes.length / 500));
    for (let length = 0; length < bytes.length; length += step) {
      const format = readImageFormat(bytes.subarray(0, length));
      if (format !== undefined) expect([length, format.type]).toEqual([length, type]);
      expect([length, format?.whole ?? false]).toEqual([length, false]);
    }
  });

  it.each(formats)('survives any damage to %s with %j', (_type, args) => {
    const bytes = encode('64x48', ...args);
    let seed = 1;
    for (let round = 0; round < 2_000; round += 1) {
      const damaged = Buffer.from(bytes);
      for (let i = 0; i < 8; i += 1) {
        seed = (seed * 48_271) % 0x7fff_ffff;
        damaged[seed % Math.min(bytes.length, 400)] = seed >>> 8;
      }
      const format = readImageFormat(damaged);
      if (format?.whole) expect(format.width * format.height).toBeGreaterThan(0);
    }
  });
});

/** As it is in files: length, kind, content. */
function box(kind: string, ...content: Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + Buffer.concat(content).length);
  head.write(kind, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

function extent(width: number, height: number): Buffer {
  const content = Buffer.alloc(12);
  content.writeUInt32BE(width, 4);
  content.writeUInt32BE(height, 8);
  return box('ispe', content);
}

describe('readImageFormat of AVIF', () => {
  const brands = box('ftyp', Buffer.from('mif1\0\0\0\0mif1avifmiaf', 'latin1'));
  const meta = box('meta', Buffer.alloc(4), extent(160, 120), extent(640, 480));
  const avif = Buffer.concat([brands, meta, box('mdat', Buffer.alloc(100))]);

  it('finds its largest extent', () => {
    expect(readImageFormat(avif)).toEqual({
      type: 'image/avif',
      width: 640,
      height: 480,
      whole: true,
    });
  });

  it('never takes a part of it for the whole', () => {
    for (let length = 0; length < avif.length; length += 1) {
      expect([length, readImageFormat(avif.subarray(0, length))?.whole ?? false]).toEqual([
        length,
        false,
      ]);
    }
  });
});

describe('what is no image', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['SVG, which can hold programs', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['text that begins like BMP', Buffer.from('BMW builds cars and motorcycles, and more')],
    ['a video in the same container as AVIF', box('ftyp', Buffer.from('isom\0\0\0\0isommp41'))],
    ['sound in the same container as WebP', Buffer.from('RIFF\0\0\0\0WAVEfmt and more of it')],
    ['zeros', Buffer.alloc(1000)],
  ])('%s', (_name, bytes) => {
    expect(imageTypeOf(bytes)).toBeUndefined();
    expect(readImageFormat(bytes)).toBeUndefined();
  });
});
