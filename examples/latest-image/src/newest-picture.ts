import type { Volume } from '@ram/fs-core';
import { maskByCircle } from './mask.ts';

const startOfJpeg = Buffer.from([0xff, 0xd8, 0xff]);
const endOfJpeg = Buffer.from([0xff, 0xd9]);

/** The newest JPEG that a program has written to a Volume and closed. */
export class NewestPicture {
  #bytes: Buffer | undefined;
  #masked: Promise<Buffer> | undefined;

  /** Follows the Volume until it is closed. */
  async follow(volume: Volume): Promise<void> {
    // With `contents` an event brings the bytes of that very instant: the next frame may be on its
    // way into the same file already.
    for await (const event of volume.events({ types: ['closed'], contents: true })) {
      if (event.contents === undefined || !isWholeJpeg(event.contents)) continue;
      this.#bytes = event.contents;
      this.#masked = undefined;
    }
  }

  get bytes(): Buffer | undefined {
    return this.#bytes;
  }

  /** Made when somebody asks for it, once for each picture. */
  masked(): Promise<Buffer> | undefined {
    if (this.#bytes !== undefined) this.#masked ??= maskByCircle(this.#bytes);
    return this.#masked;
  }
}

function isWholeJpeg(bytes: Buffer): boolean {
  return bytes.subarray(0, 3).equals(startOfJpeg) && bytes.subarray(-2).equals(endOfJpeg);
}
