import type { ServerResponse } from 'node:http';
import type { PageChanges, PageSnapshot } from '@ram/viewer';
import type { DiskWatch, WatchListener } from './disk-watch.ts';

/** What one open page has been sent so far. */
interface Client {
  readonly response: ServerResponse;
  /** Of the list, of events and of the image. */
  listVersion: number;
  eventId: number;
  imageVersion: number;
  needsSnapshot: boolean;
  /** Its connection takes no more for now. */
  blocked: boolean;
}

const listIntervalMs = 200;
/** Faster than this no screen shows images. */
const imageIntervalMs = 16;
const growthIntervalMs = 500;
/** When a browser that lost its connection comes again. */
const retryMs = 1_000;
/** So that a connection that is dead is found out. */
const heartbeatMs = 15_000;
/** The oldest is ended when there are more. */
const clientsMax = 32;

/**
 * Streams of server-sent events to open pages. Nothing is queued for a page: what it is sent is
 * made when its connection takes more, from what is so at that moment. A slow one gets less often,
 * or a snapshot, and costs the same memory.
 */
export class PageStreams implements WatchListener {
  readonly #clients = new Set<Client>();
  #listTimer: NodeJS.Timeout | undefined;
  #imageTimer: NodeJS.Timeout | undefined;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #growth: NodeJS.Timeout;
  #watch: DiskWatch | undefined;
  #imageVersion = 0;
  #lastImageAt = 0;
  #hasEnded = false;

  readonly #report: (error: unknown) => void;

  /** @param report Told of what goes wrong while nobody waits for an answer. */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
    this.#growth = setInterval(() => {
      if (this.#watch?.isGrowing && this.#clients.size > 0) this.listChanged();
    }, growthIntervalMs).unref();
  }

  /** What the streams tell of; before the first of them. */
  attach(watch: DiskWatch): void {
    this.#watch = watch;
  }

  /** Begins a stream as the answer to a request. */
  open(response: ServerResponse): void {
    const counts = { listVersion: 0, eventId: 0, imageVersion: 0 };
    const client: Client = { response, ...counts, needsSnapshot: true, blocked: false };
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(`retry: ${retryMs}\n\n`);
    response.on('close', () => this.#clients.delete(client));
    response.on('drain', () => {
      client.blocked = false;
      this.#update(client);
    });
    if (this.#hasEnded) return this.#finish(client);
    this.#clients.add(client);
    const [oldest] = this.#clients;
    if (this.#clients.size > clientsMax) oldest?.response.destroy();
    this.#watch?.refresh();
    this.#update(client);
  }

  imageChanged(): void {
    this.#imageVersion += 1;
    if (this.#clients.size === 0 || this.#imageTimer !== undefined) return;
    const waitMs = this.#lastImageAt + imageIntervalMs - performance.now();
    this.#imageTimer = setTimeout(
      () => {
        this.#imageTimer = undefined;
        this.#lastImageAt = performance.now();
        for (const client of this.#clients) this.#updateImage(client);
      },
      Math.max(0, waitMs),
    );
  }

  listChanged(): void {
    if (this.#clients.size === 0 || this.#listTimer !== undefined) return;
    this.#listTimer = setTimeout(() => {
      this.#listTimer = undefined;
      try {
        this.#watch?.refresh();
        for (const client of this.#clients) this.#update(client);
      } catch (error) {
        this.#report(error);
      }
    }, listIntervalMs);
  }

  listReplaced(): void {
    for (const client of this.#clients) client.needsSnapshot = true;
    this.listChanged();
  }

  /** Tells all pages that the disk is gone, and ends their streams. */
  ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearInterval(this.#heartbeat);
    clearInterval(this.#growth);
    clearTimeout(this.#listTimer);
    clearTimeout(this.#imageTimer);
    for (const client of this.#clients) this.#finish(client);
  }

  #finish({ response }: Client): void {
    response.end(message('end', {}));
  }

  #update(client: Client): void {
    if (this.#watch === undefined || client.blocked || this.#hasEnded) return;
    const { files } = this.#watch;
    const changes = client.needsSnapshot ? undefined : files.changesSince(client.listVersion);
    if (changes === undefined) return this.#sendSnapshot(client, this.#watch);
    this.#updateImage(client);
    const events = this.#watch.feed.since(client.eventId);
    client.listVersion = changes.version;
    client.eventId = this.#watch.feed.lastId;
    if (changes.files.length + changes.removed.length + events.length === 0) return;
    const { files: changed, removed } = changes;
    const told: PageChanges = {
      disk: this.#watch.disk(),
      files: changed,
      removed,
      events,
    };
    send(client, 'changes', told);
  }

  #updateImage(client: Client): void {
    if (this.#watch === undefined || client.blocked || client.needsSnapshot) return;
    if (client.imageVersion === this.#imageVersion) return;
    client.imageVersion = this.#imageVersion;
    send(client, 'image', this.#watch.image.images());
  }

  #sendSnapshot(client: Client, watch: DiskWatch): void {
    const snapshot: PageSnapshot = {
      disk: watch.disk(),
      files: watch.files.all(),
      events: watch.feed.since(0),
      ...watch.image.images(),
    };
    client.needsSnapshot = false;
    client.listVersion = watch.files.version;
    client.eventId = watch.feed.lastId;
    client.imageVersion = this.#imageVersion;
    send(client, 'snapshot', snapshot);
  }

  #beat(): void {
    for (const { response, blocked } of this.#clients) if (!blocked) response.write(':\n\n');
  }
}

function send(client: Client, event: string, data: object): void {
  client.blocked = !client.response.write(message(event, data));
}

function message(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
