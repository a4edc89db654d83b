import type { Volume } from '@ram/fs-core';
import { maskByCircle } from './mask.ts';

const startOfJpeg = Buffer.from([0xff, 0xd8, 0xff]);

/** The newest JPEG that was written to a Volume and closed, and its masked variant. */
export class NewestJpeg {
  #picture: Buffer | undefined;
  /** Made when somebody asks, once for each picture. */
  #masked: Promise<Buffer> | undefined;

  constructor(volume: Volume) {
    volume.on('closed', (event) => {
      if (event.written !== true) return;
      // No copy and no path: the bytes of exactly that file, wherever it is by now.
      const bytes = event.view();
      if (!bytes.subarray(0, 3).equals(startOfJpeg)) return;
      this.#picture = Buffer.from(bytes);
      this.#masked = undefined;
    });
  }

  get picture(): Buffer | undefined {
    return this.#picture;
  }

  masked(): Promise<Buffer> | undefined {
    if (this.#picture !== undefined) this.#masked ??= maskByCircle(this.#picture);
    return this.#masked;
  }
}
