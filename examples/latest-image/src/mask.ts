import sharp from 'sharp';

/** More is refused: a decoded pixel takes four bytes of memory. */
const limitInputPixels = 64_000_000;

/**
 * The picture on white paper, seen through the largest circle around its middle. On 320×200 that is
 * radius 100 at 160,100.
 *
 * @returns A JPEG of the same size.
 * @throws when the bytes are no whole picture.
 */
export async function maskByCircle(picture: Uint8Array): Promise<Buffer> {
  const { width, height } = await sharp(picture).metadata();
  const radius = Math.min(width, height) / 2;
  const [left, middle, diameter] = [width / 2 - radius, height / 2, 2 * radius];
  const half = `a${radius} ${radius} 0 0 0`;
  const paper = `<svg width="${width}" height="${height}">
    <path fill="white" fill-rule="evenodd" d="M0 0H${width}V${height}H0Z
      M${left} ${middle}${half} ${diameter} 0${half} ${-diameter} 0Z"/></svg>`;
  return sharp(picture, { limitInputPixels, failOn: 'truncated' })
    .composite([{ input: Buffer.from(paper) }])
    .jpeg({ quality: 90 })
    .toBuffer();
}
