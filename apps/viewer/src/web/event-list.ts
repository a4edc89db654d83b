import type { PageEvent } from '../protocol.ts';
import { arrange, byId, make, setText } from './elements.ts';
import { formatBytes, formatCount, formatTime, visible } from './format.ts';
import type { PageModel } from './page-model.ts';

const shownMax = 60;

/** What happened last, newest on top. */
export class EventList {
  readonly #list = byId('events', HTMLOListElement);
  readonly #count = byId('events-count', HTMLParagraphElement);
  readonly #empty = byId('events-empty', HTMLParagraphElement);
  readonly #items = new Map<number, HTMLLIElement>();

  render(model: PageModel): void {
    const events = model.events.slice(0, shownMax);
    const now = Date.now();
    const items = events.map((event) => {
      const item = this.#items.get(event.id) ?? makeItem(event, now);
      this.#items.set(event.id, item);
      return item;
    });
    arrange(this.#list, items);
    const ids = new Set(events.map(({ id }) => id));
    for (const id of this.#items.keys()) if (!ids.has(id)) this.#items.delete(id);
    const [latest] = events;
    setText(this.#count, latest === undefined ? '' : `${formatCount(latest.id, 'event')} so far`);
    this.#empty.hidden = items.length > 0;
  }
}

function makeItem(event: PageEvent, now: number): HTMLLIElement {
  const item = make('li');
  item.dataset.type = event.type;
  const time = make('time', formatTime(event.at, now));
  time.dateTime = new Date(event.at).toISOString();
  const words = make('span', '', 'words');
  words.append(make('span', labelOf(event), 'type'), ' ');
  if (event.fromPath !== undefined) {
    words.append(make('bdi', visible(event.fromPath), 'path'), ' → ');
  }
  if (event.path !== '') words.append(make('bdi', visible(event.path), 'path'));
  const details = detailsOf(event);
  if (details !== '') words.append(' ', make('span', details, 'details'));
  item.append(time, words);
  return item;
}

function labelOf({ type, sizeBytes = 0 }: PageEvent): string {
  switch (type) {
    case 'closed':
      return 'written';
    case 'overflow':
      return `${sizeBytes.toLocaleString('en-US')} events were too fast and are not listed`;
    default:
      return type;
  }
}

function detailsOf({ type, sizeBytes, pid }: PageEvent): string {
  const size = sizeBytes === undefined ? '' : formatBytes(sizeBytes);
  return [
    type === 'closed' ? size : type === 'truncated' ? `to ${size}` : '',
    pid === undefined || pid === 0 ? '' : `by process ${pid}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
