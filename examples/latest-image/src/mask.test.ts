import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { maskByCircle } from './mask.ts';

const red = '#ff0000';

function makeJpeg(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: red } })
    .jpeg()
    .toBuffer();
}

async function pixelsOf(jpeg: Buffer) {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): 'white' | 'red' | number[] => {
    const pixel = [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
    const [r = 0, g = 0, b = 0] = pixel;
    if (r > 240 && g > 240 && b > 240) return 'white';
    return r > 240 && g < 16 && b < 16 ? 'red' : pixel;
  };
  return { at, width: info.width, height: info.height };
}

describe('maskByCircle', () => {
  it('on 320×200 leaves the circle of radius 100 at 160,100, and white around it', async () => {
    const { at, width, height } = await pixelsOf(await maskByCircle(await makeJpeg(320, 200)));
    expect([width, height]).toEqual([320, 200]);
    const radius = 100;
    // An edge of a few pixels is blurred by JPEG.
    const blur = 6;
    for (let y = 0; y < height; y += 3) {
      for (let x = 0; x < width; x += 3) {
        const distance = Math.hypot(x + 0.5 - 160, y + 0.5 - 100);
        if (Math.abs(distance - radius) < blur) continue;
        expect([x, y, at(x, y)]).toEqual([x, y, distance < radius ? 'red' : 'white']);
      }
    }
  });

  it.each([
    [1920, 1080],
    [100, 400],
    [1, 1],
    [3, 2],
  ])('keeps the size %i×%i', async (width, height) => {
    const pixels = await pixelsOf(await maskByCircle(await makeJpeg(width, height)));
    expect([pixels.width, pixels.height]).toEqual([width, height]);
    if (width < 16) return;
    expect(pixels.at(Math.floor(width / 2), Math.floor(height / 2))).toBe('red');
    expect(pixels.at(0, 0)).toBe('white');
  });

  it('works on gray pictures', async () => {
    const gray = await sharp(await makeJpeg(320, 200))
      .grayscale()
      .jpeg()
      .toBuffer();
    const { at } = await pixelsOf(await maskByCircle(gray));
    expect(at(0, 0)).toBe('white');
  });

  it('refuses what is no whole picture', async () => {
    const whole = await sharp({
      create: {
        width: 320,
        height: 200,
        channels: 3,
        background: red,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .jpeg()
      .toBuffer();
    await expect(maskByCircle(whole.subarray(0, whole.length / 2))).rejects.toThrow();
    await expect(maskByCircle(Buffer.from('no picture'))).rejects.toThrow();
    await expect(maskByCircle(Buffer.alloc(0))).rejects.toThrow();
  });
});
