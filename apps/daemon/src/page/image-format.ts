import type { ImageType } from '@ram/viewer';
import { readAvif } from './image-avif.ts';
import { readGif, readJpeg, readPng } from './image-classic.ts';
import { readBmp, readWebp } from './image-riff-bmp.ts';

/** What the bytes of an image say of themselves. Nothing is decoded. */
export interface ImageFormat {
  type: ImageType;
  /** 0 when it ends before that is said. */
  width: number;
  height: number;
  /** Whether it is all there, as far as its structure tells. */
  whole: boolean;
}

export type ImageShape = Omit<ImageFormat, 'type'>;

interface Reader {
  type: ImageType;
  /** How many bytes a signature needs at most. */
  matches(bytes: Buffer): boolean;
  read(bytes: Buffer): ImageShape;
}

/** So many bytes of a file are enough to tell whether it is an image. */
export const signatureBytes = 64;

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const bmpHeaderSizes = new Set([12, 40, 52, 56, 64, 108, 124]);

const readers: readonly Reader[] = [
  { type: 'image/jpeg', matches: (bytes) => bytes.readUIntBE(0, 3) === 0xffd8ff, read: readJpeg },
  { type: 'image/png', matches: (bytes) => startsWith(bytes, pngSignature), read: readPng },
  { type: 'image/gif', matches: (bytes) => /^GIF8[79]a/.test(text(bytes, 0, 6)), read: readGif },
  {
    type: 'image/webp',
    matches: (bytes) => text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP',
    read: readWebp,
  },
  { type: 'image/avif', matches: isAvif, read: readAvif },
  { type: 'image/bmp', matches: isBmp, read: readBmp },
];

/**
 * The kind of image that a file is by its first bytes (`signatureBytes` of them, or all there
 * are), never by its name; undefined for all else. SVG is no image here: it can hold programs.
 */
export function imageTypeOf(head: Buffer): ImageType | undefined {
  return readerOf(head)?.type;
}

/** Undefined when it is no image that a page may show. Never throws, whatever the bytes are. */
export function readImageFormat(bytes: Buffer): ImageFormat | undefined {
  const reader = readerOf(bytes);
  if (reader === undefined) return undefined;
  try {
    const shape = reader.read(bytes);
    const whole = shape.whole && shape.width > 0 && shape.height > 0;
    return { ...shape, whole, type: reader.type };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Read beyond its end.
    return { type: reader.type, width: 0, height: 0, whole: false };
  }
}

function readerOf(head: Buffer): Reader | undefined {
  return head.length < 12 ? undefined : readers.find((reader) => reader.matches(head));
}

function isAvif(bytes: Buffer): boolean {
  if (text(bytes, 4, 8) !== 'ftyp') return false;
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, signatureBytes);
  for (let at = 8; at + 4 <= end; at += 4) {
    // The word after the first brand is a version.
    if (at !== 12 && /^avi[fs]$/.test(text(bytes, at, at + 4))) return true;
  }
  return false;
}

/** Two letters are not much of a signature: the header after them must make sense too. */
function isBmp(bytes: Buffer): boolean {
  return (
    bytes.length >= 18 &&
    text(bytes, 0, 2) === 'BM' &&
    bytes.readUInt32LE(6) === 0 &&
    bmpHeaderSizes.has(bytes.readUInt32LE(14))
  );
}

function startsWith(bytes: Buffer, signature: Buffer): boolean {
  return bytes.subarray(0, signature.length).equals(signature);
}

function text(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}
