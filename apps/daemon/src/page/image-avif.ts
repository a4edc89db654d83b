import type { ImageShape } from './image-format.ts';

/**
 * The boxes of an AVIF: whole when all of them are there up to the end, with data among them.
 * @see ISO/IEC 14496-12, 23008-12 (ispe)
 */
export function readAvif(bytes: Buffer): ImageShape {
  let [width, height] = [0, 0];
  let hasData = false;
  let at = 0;
  while (at < bytes.length) {
    const end = at + boxBytes(bytes, at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    if (kind === 'mdat') hasData = true;
    if (kind === 'meta') [width, height] = largestExtent(bytes.subarray(at, end));
    if (end > bytes.length) return { width, height, whole: false };
    at = end;
  }
  return { width, height, whole: hasData };
}

/** @throws RangeError for a length that no box can have. */
function boxBytes(bytes: Buffer, at: number): number {
  const short = bytes.readUInt32BE(at);
  // 0: up to the end; 1: the length follows in 64 bits.
  if (short === 0) return bytes.length - at;
  const length = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short;
  if (length < 8) throw new RangeError('A box is shorter than its header');
  return length;
}

/** Of all images in the file: thumbnails and parts of a grid have extents, too. */
function largestExtent(meta: Buffer): [number, number] {
  let largest: [number, number] = [0, 0];
  for (let at = meta.indexOf('ispe'); at !== -1; at = meta.indexOf('ispe', at + 4)) {
    if (at + 16 > meta.length) break;
    const [width, height] = [meta.readUInt32BE(at + 8), meta.readUInt32BE(at + 12)];
    if (width * height > largest[0] * largest[1]) largest = [width, height];
  }
  return largest;
}
