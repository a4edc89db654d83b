import { DiskWatch } from './disk-watch.ts';
import type { PageDiskSource } from './page-disk.ts';
import { startPageServer } from './page-server.ts';
import type { PageServer } from './page-server.ts';
import { PageStreams } from './page-streams.ts';

/** The page of one disk: what it knows, and the server that shows it. */
export class Page {
  readonly #server: PageServer;
  readonly #watch: DiskWatch;
  readonly #streams: PageStreams;

  private constructor(server: PageServer, watch: DiskWatch, streams: PageStreams) {
    this.#server = server;
    this.#watch = watch;
    this.#streams = streams;
  }

  static async open(disk: PageDiskSource): Promise<Page> {
    const streams = new PageStreams((error) => disk.report(error));
    const watch = new DiskWatch(disk, streams);
    streams.attach(watch);
    try {
      const server = await startPageServer({
        image: () => {
          const found = watch.image.bytes();
          return found && { type: found.image.type, bytes: found.bytes };
        },
        stream: (response) => streams.open(response),
        report: (error) => disk.report(error),
      });
      return new Page(server, watch, streams);
    } catch (error) {
      watch.close();
      streams.ended();
      throw error;
    }
  }

  /** Where it is; lets nobody in. */
  get location(): string {
    return this.#server.location;
  }

  /** An address that lets one browser in, once. */
  newAddress(): string {
    return this.#server.newAddress();
  }

  /** Open pages are told that the disk is gone. Before the disk is closed. */
  close(): void {
    this.#watch.close();
    this.#streams.ended();
    this.#server.close();
  }
}
