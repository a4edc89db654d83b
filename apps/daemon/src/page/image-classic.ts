import type { ImageShape } from './image-format.ts';

// Readers of structure for JPEG, PNG and GIF; they throw RangeError where the bytes end too early.

const endOfImage = Buffer.from([0xff, 0xd9]);

/**
 * Segments up to the first scan, then the last end marker; entropy-coded data can't hold one.
 * @see ITU-T T.81, annex B
 */
export function readJpeg(bytes: Buffer): ImageShape {
  let width = 0;
  let height = 0;
  for (let at = 2; ;) {
    if (bytes.readUInt8(at) !== 0xff) return { width, height, whole: false };
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
    } else if (marker === 0xd9) {
      return { width, height, whole: false };
    } else if (marker === 0xda) {
      return { width, height, whole: bytes.lastIndexOf(endOfImage) > at };
    } else {
      if (isFrameHeader(marker)) {
        height = bytes.readUInt16BE(at + 5);
        width = bytes.readUInt16BE(at + 7);
      }
      at += 2 + bytes.readUInt16BE(at + 2);
    }
  }
}

function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Chunks up to IEND. @see RFC 2083 */
export function readPng(bytes: Buffer): ImageShape {
  const width = bytes.readUInt32BE(16);
  const height = bytes.readUInt32BE(20);
  for (let at = 8; at + 12 <= bytes.length;) {
    const next = at + 12 + bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IEND') {
      return { width, height, whole: next <= bytes.length };
    }
    at = next;
  }
  return { width, height, whole: false };
}

/** Blocks up to the trailer. @see GIF89a specification */
export function readGif(bytes: Buffer): ImageShape {
  const width = bytes.readUInt16LE(6);
  const height = bytes.readUInt16LE(8);
  const shape = { width, height, whole: false };
  let at = 13 + colorTableBytes(bytes.readUInt8(10));
  while (at < bytes.length) {
    const kind = bytes.readUInt8(at);
    if (kind === 0x3b) return { ...shape, whole: true };
    if (kind === 0x21) {
      at = skipSubBlocks(bytes, at + 2);
    } else if (kind === 0x2c && at + 10 < bytes.length) {
      at = skipSubBlocks(bytes, at + 11 + colorTableBytes(bytes.readUInt8(at + 9)));
    } else {
      return shape;
    }
  }
  return shape;
}

function colorTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

function skipSubBlocks(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes.readUInt8(at) !== 0) at += bytes.readUInt8(at) + 1;
  return at + 1;
}
