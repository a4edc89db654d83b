import type { PageDisk, PageImage, PageImages, RefusedImage } from '../protocol.ts';
import { byId, setText } from './elements.ts';
import { formatBytes, formatTime, visible } from './format.ts';

const svgNames = 'http://www.w3.org/2000/svg';

/**
 * The newest image and its masked variant: always the same one in both. An image takes the place of
 * the one before when it has come and is decoded; those that came meanwhile are passed over.
 */
export class ImageStage {
  readonly #frame = byId('stage', HTMLElement);
  readonly #newest = byId('newest', HTMLImageElement);
  readonly #masked = byId('masked', SVGSVGElement);
  readonly #circle = find(this.#masked, 'circle', SVGCircleElement);
  readonly #maskedImage = find(this.#masked, 'image', SVGImageElement);
  readonly #placeholder = byId('placeholder', HTMLDivElement);
  readonly #caption = byId('newest-caption', HTMLElement);
  readonly #refused = byId('refused', HTMLParagraphElement);
  #wanted: PageImage | undefined;
  #shown: PageImage | undefined;
  #shownUrl: string | undefined;
  #busy = false;

  render({ image, refused }: PageImages, disk: PageDisk | undefined): void {
    if (image !== null) {
      this.#wanted = image;
      void this.#load();
    }
    // Another name, or removed since.
    if (image?.id === this.#shown?.id && image !== null) this.#showCaption(image);
    this.#tell(refused === null ? '' : refusalText(refused));
    if (image === null && refused === null) setText(this.#placeholder, waitingText(disk));
  }

  /** Why something isn't shown: below the image that is, or in the place of one. */
  #tell(why: string): void {
    this.#refused.hidden = why === '' || this.#shown === undefined;
    setText(this.#refused, why);
    if (this.#shown === undefined && why !== '') setText(this.#placeholder, why);
  }

  async #load(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#wanted !== undefined && this.#wanted.id !== this.#shown?.id) {
        const image = this.#wanted;
        const isShown = await this.#swap(image);
        // What can't be decoded is not tried again.
        if (!isShown && this.#wanted === image) this.#wanted = undefined;
      }
    } finally {
      this.#busy = false;
    }
  }

  async #swap(image: PageImage): Promise<boolean> {
    let url: string | undefined;
    try {
      const response = await fetch(`/image/${image.id}`);
      if (!response.ok) return false;
      url = URL.createObjectURL(await response.blob());
      const decoded = new Image();
      decoded.src = url;
      await decoded.decode();
      this.#show(image, url, decoded.naturalWidth, decoded.naturalHeight);
      return true;
    } catch {
      // Its structure is right and its content isn't, or the server is gone.
      if (url !== undefined) URL.revokeObjectURL(url);
      this.#tell(`${visible(image.path)} isn't shown: this browser can't decode it.`);
      return false;
    }
  }

  #show(image: PageImage, url: string, width: number, height: number): void {
    const [middleX, middleY, radius] = [width / 2, height / 2, Math.min(width, height) / 2];
    this.#newest.src = url;
    this.#newest.alt = `The newest image, ${visible(image.path)}`;
    this.#masked.setAttribute('viewBox', `0 0 ${width} ${height}`);
    setNumbers(this.#circle, { cx: middleX, cy: middleY, r: radius });
    setNumbers(this.#maskedImage, { width, height });
    this.#maskedImage.setAttribute('href', url);
    this.#newest.hidden = false;
    this.#masked.toggleAttribute('hidden', false);
    this.#placeholder.hidden = true;
    if (this.#shownUrl !== undefined) URL.revokeObjectURL(this.#shownUrl);
    this.#shownUrl = url;
    this.#shown = image;
    this.#refused.hidden = this.#refused.textContent === '';
    this.#frame.dataset.image = String(image.id);
    this.#showCaption(image);
  }

  #showCaption({ path, width, height, sizeBytes, closedAt, removed }: PageImage): void {
    const when = formatTime(closedAt, Date.now());
    const state = removed ? ' · removed since' : '';
    const facts = `${width} × ${height} · ${formatBytes(sizeBytes)} · ${when}${state}`;
    setText(this.#caption, `${visible(path)}\n${facts}`);
  }
}

function find<T extends Element>(parent: Element, tag: string, kind: new () => T): T {
  const [element] = parent.getElementsByTagNameNS(svgNames, tag);
  if (!(element instanceof kind)) throw new TypeError(`The page has no ${tag}`);
  return element;
}

function setNumbers(element: Element, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, String(value));
}

function waitingText(disk: PageDisk | undefined): string {
  if (disk === undefined) return '';
  const place = visible(disk.directory);
  const when = `as soon as a program has written one to ${place} and closed it`;
  return `No image yet.\nIt shows here ${when}.`;
}

function refusalText(refused: RefusedImage): string {
  const { path, reason, sizeBytes, width, height } = refused;
  const name = visible(path);
  switch (reason) {
    case 'empty':
      return `${name} isn't shown: it is empty.`;
    case 'no-image':
      return `${name} isn't shown: it is no image, whatever its name says.`;
    case 'incomplete':
      return `${name} isn't shown: it ends in the middle of the image.`;
    case 'too-many-pixels':
      return `${name} isn't shown: ${width} × ${height} is too large for a page.`;
    case 'too-many-bytes':
      return `${name} isn't shown: ${formatBytes(sizeBytes)} are too many for a page.`;
  }
}
