import type { ImageShape } from './image-format.ts';

// Readers of structure for WebP and BMP; they throw RangeError where the bytes end too early.

/** @see RFC 9649 */
export function readWebp(bytes: Buffer): ImageShape {
  const whole = bytes.readUInt32LE(4) + 8 <= bytes.length;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1, whole };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, whole };
    }
    case 'VP8 ':
      return {
        width: bytes.readUInt16LE(26) & 0x3fff,
        height: bytes.readUInt16LE(28) & 0x3fff,
        whole,
      };
    default:
      return { width: 0, height: 0, whole: false };
  }
}

const noCompression = 0;
const bitFields = 3;

/** The header says how many bytes of pixels follow. */
export function readBmp(bytes: Buffer): ImageShape {
  const pixelsAt = bytes.readUInt32LE(10);
  if (bytes.readUInt32LE(14) === 12) {
    const [width, height] = [bytes.readUInt16LE(18), bytes.readUInt16LE(20)];
    const end = pixelsAt + rowBytes(width, bytes.readUInt16LE(24)) * height;
    return { width, height, whole: end <= bytes.length };
  }
  const width = bytes.readInt32LE(18);
  // Negative: from the top down.
  const height = Math.abs(bytes.readInt32LE(22));
  const bitsPerPixel = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  const plain = compression === noCompression || compression === bitFields;
  const size = plain ? rowBytes(width, bitsPerPixel) * height : bytes.readUInt32LE(34);
  return { width, height, whole: pixelsAt + size <= bytes.length };
}

/** A row is a whole number of 32-bit words. */
function rowBytes(width: number, bitsPerPixel: number): number {
  return Math.ceil((width * bitsPerPixel) / 32) * 4;
}
