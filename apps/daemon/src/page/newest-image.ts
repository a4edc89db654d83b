import type { PageImage, PageImages, RefusalReason, RefusedImage } from '@ram/viewer';
import { imageTypeOf, readImageFormat, signatureBytes } from './image-format.ts';
import type { ImageFormat } from './image-format.ts';
import type { DiskEvent, PageDiskSource } from './page-disk.ts';

type Fs = PageDiskSource['fs'];

const imageBytesMax = 32 * 2 ** 20;
/** A browser takes four bytes of memory for each. */
const imagePixelsMax = 64_000_000;
const imageName = /\.(?:avif|bmp|gif|jpe?g|png|webp)$/i;

/** A file is read again when somebody wrote to it meanwhile. */
type Reading = Buffer | 'changed';

/**
 * The newest image that was closed after it was written: a copy of its bytes, so that what is shown
 * is whole, also when the file is overwritten or removed the next moment.
 */
export class NewestImage {
  readonly #fs: Fs;
  #image: PageImage | null = null;
  #refused: RefusedImage | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #inode: string | undefined;
  #lastId = 0;

  constructor(fs: Fs) {
    this.#fs = fs;
  }

  images(): PageImages {
    return { image: this.#image, refused: this.#refused };
  }

  bytes(): { image: PageImage; bytes: Buffer } | undefined {
    return this.#image === null ? undefined : { image: this.#image, bytes: this.#bytes };
  }

  /**
   * Looks at a file that was closed.
   * @param wanted `'whole'`: what isn't shown is passed over without a word.
   * @returns Whether there is anything new to show.
   */
  take(event: DiskEvent, closedAt: number, wanted: 'any' | 'whole' = 'any'): boolean {
    const before = this.#refused;
    const isNew =
      event.contents === undefined
        ? this.#takeFile(event, closedAt)
        : this.#takeBytes(event.contents, event.contents.length, event, closedAt);
    if (wanted === 'any' || this.#refused === before || this.#refused === null) return isNew;
    this.#refused = before;
    return false;
  }

  /** The shown file has another name now. */
  renamed(inode: DiskEvent['inode'], path: string): boolean {
    if (this.#image === null || !this.#isShown(inode)) return false;
    this.#image = { ...this.#image, path };
    return true;
  }

  removed(inode: DiskEvent['inode'], path: string): boolean {
    if (this.#image === null || this.#image.removed || this.#image.path !== path) return false;
    if (!this.#isShown(inode)) return false;
    this.#image = { ...this.#image, removed: true };
    return true;
  }

  #isShown(inode: DiskEvent['inode']): boolean {
    return inode !== undefined && String(inode) === this.#inode;
  }

  #takeBytes(bytes: Buffer, sizeBytes: number, event: DiskEvent, closedAt: number): boolean {
    const { path = '', inode } = event;
    const seen = { path, sizeBytes, closedAt };
    const type = imageTypeOf(bytes);
    if (type === undefined) {
      if (!imageName.test(path)) return false;
      return this.#refuse({ ...seen, reason: sizeBytes === 0 ? 'empty' : 'no-image' });
    }
    if (sizeBytes > imageBytesMax) return this.#refuse({ ...seen, reason: 'too-many-bytes' });
    const format = readImageFormat(bytes);
    if (format === undefined) return false;
    const { width, height } = format;
    const reason = reasonAgainst(format);
    if (reason !== undefined) return this.#refuse({ ...seen, reason, width, height });
    this.#lastId += 1;
    this.#image = { ...seen, id: this.#lastId, type, width, height, removed: false };
    this.#bytes = bytes;
    this.#inode = inode === undefined ? undefined : String(inode);
    this.#refused = null;
    return true;
  }

  #refuse(refused: Partial<RefusedImage> & Omit<RefusedImage, 'width' | 'height'>): true {
    this.#refused = { width: 0, height: 0, ...refused };
    return true;
  }

  /** Where there is no copy of that instant: the file as it is now, if nobody changes it. */
  #takeFile(event: DiskEvent, closedAt: number): boolean {
    const descriptor = openEvent(event);
    if (descriptor === undefined) return false;
    try {
      const { size } = this.#fs.fstatSync(descriptor);
      const head = this.#readHead(descriptor);
      const isWanted = imageTypeOf(head) !== undefined && size <= imageBytesMax;
      const bytes = isWanted ? this.#readStable(descriptor) : head;
      // Whoever writes to it now closes it later.
      return bytes !== 'changed' && this.#takeBytes(bytes, size, event, closedAt);
    } finally {
      this.#fs.closeSync(descriptor);
    }
  }

  #readHead(descriptor: number): Buffer {
    const head = Buffer.alloc(signatureBytes);
    return head.subarray(0, this.#fs.readSync(descriptor, head, 0, signatureBytes, 0));
  }

  /** All of it, unless somebody changed it between the first byte and the last. */
  #readStable(descriptor: number): Reading {
    const before = this.#fs.fstatSync(descriptor, { bigint: true });
    const bytes = Buffer.allocUnsafeSlow(Number(before.size));
    const count = this.#fs.readSync(descriptor, bytes, 0, bytes.length, 0);
    const after = this.#fs.fstatSync(descriptor, { bigint: true });
    const same =
      count === bytes.length && after.size === before.size && after.mtimeNs === before.mtimeNs;
    return same ? bytes : 'changed';
  }
}

function openEvent(event: DiskEvent): number | undefined {
  try {
    return event.open('r');
  } catch {
    // Gone with its last name, or no file.
    return undefined;
  }
}

function reasonAgainst({ width, height, whole }: ImageFormat): RefusalReason | undefined {
  if (width * height > imagePixelsMax) return 'too-many-pixels';
  return whole ? undefined : 'incomplete';
}
