import type { PageFile } from '../protocol.ts';
import { arrange, byId, make, setText } from './elements.ts';
import { formatBytes, formatCount, formatTime, visible } from './format.ts';
import type { PageModel } from './page-model.ts';

interface Row {
  element: HTMLTableRowElement;
  size: HTMLTableCellElement;
  time: HTMLTimeElement;
  file: PageFile;
}

/** So many rows at a time. */
const step = 100;
/** More new rows at once aren't marked: it would keep the browser busy painting. */
const freshMax = 3;

/** The files, newest first; rows are made for those that are shown only. */
export class FileTable {
  readonly #body = byId('files', HTMLTableSectionElement);
  readonly #count = byId('files-count', HTMLParagraphElement);
  readonly #empty = byId('files-empty', HTMLParagraphElement);
  readonly #more = byId('more', HTMLButtonElement);
  readonly #filter = byId('filter', HTMLInputElement);
  readonly #rows = new Map<string, Row>();
  #limit = step;

  /** @param onChange Called when the person at the page wants to see other rows. */
  constructor(onChange: () => void) {
    this.#more.addEventListener('click', () => {
      this.#limit += step;
      onChange();
    });
    this.#filter.addEventListener('input', () => {
      this.#limit = step;
      onChange();
    });
  }

  render(model: PageModel): void {
    const wanted = this.#filter.value.toLowerCase();
    const all = model.files();
    const found =
      wanted === '' ? all : all.filter(({ path }) => path.toLowerCase().includes(wanted));
    const shown = found.slice(0, this.#limit);
    const now = Date.now();
    const isFirst = this.#rows.size === 0;
    const fresh = shown.filter(({ path }) => !this.#rows.has(path));
    arrange(
      this.#body,
      shown.map((file) => this.#rowOf(file, now)),
    );
    if (!isFirst && fresh.length <= freshMax) {
      for (const { path } of fresh) this.#rows.get(path)?.element.classList.add('fresh');
    }
    const paths = new Set(shown.map(({ path }) => path));
    for (const path of this.#rows.keys()) if (!paths.has(path)) this.#rows.delete(path);

    setText(this.#count, countText(model, found.length, wanted !== ''));
    const left = found.length - shown.length;
    this.#more.hidden = left === 0;
    setText(this.#more, `Show ${Math.min(step, left)} more`);
    this.#empty.hidden = found.length > 0;
    setText(this.#empty, emptyText(model, wanted !== ''));
  }

  #rowOf(file: PageFile, now: number): HTMLTableRowElement {
    const known = this.#rows.get(file.path);
    const row = known ?? makeRow(file);
    if (known !== undefined && known.file === file) return row.element;
    row.file = file;
    setText(row.size, file.kind === 'file' ? formatBytes(file.sizeBytes) : file.kind);
    setText(row.time, formatTime(file.changedAt, now));
    row.time.dateTime = new Date(file.changedAt).toISOString();
    this.#rows.set(file.path, row);
    return row.element;
  }
}

function makeRow(file: PageFile): Row {
  const element = make('tr');
  const name = make('th');
  name.scope = 'row';
  const text = make('bdi', visible(file.path), 'path');
  text.title = visible(file.path);
  name.append(text);
  const size = make('td', '', 'number');
  const changed = make('td', '', 'number');
  const time = make('time');
  changed.append(time);
  element.append(name, size, changed);
  return { element, size, time, file };
}

function countText(model: PageModel, found: number, isFiltered: boolean): string {
  if (model.disk === undefined) return '';
  if (!model.isPartial) {
    return isFiltered
      ? `${formatCount(found, 'file')} of ${model.files().length}`
      : formatCount(found, 'file');
  }
  const newest = `the newest ${model.disk.filesMax.toLocaleString('en-US')}`;
  if (isFiltered) return `${formatCount(found, 'file')} of ${newest}`;
  return `${newest} of ${formatCount(model.disk.entries, 'file')} and directories`;
}

function emptyText({ disk }: PageModel, isFiltered: boolean): string {
  if (isFiltered) return 'No path has this in it.';
  return disk === undefined
    ? ''
    : `Nothing here yet. Write something to ${visible(disk.directory)}`;
}
