import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadViewerAssets, viewerContentSecurityPolicy } from '@ram/viewer';
import type { ImageType, ViewerAsset } from '@ram/viewer';
import { Access } from './access.ts';
import {
  imageContentSecurityPolicy,
  reply,
  replyWithAdvice,
  replyWithHop,
  setSafeHeaders,
} from './page-replies.ts';
import { refusalOf } from './request-guard.ts';

/** What a page server shows to those who may see it. */
export interface PageContent {
  /** The newest image, whichever was asked for: a page that comes late gets a later one. */
  image(): { type: ImageType; bytes: Buffer } | undefined;
  /** Begins a stream of server-sent events. */
  stream(response: ServerResponse): void;
  /** What went wrong with an answer, which is cut off. */
  report(error: unknown): void;
}

export interface PageServer {
  /** `http://127.0.0.1:PORT/`, which lets nobody in. */
  readonly location: string;
  /** An address that lets one browser in, once. */
  newAddress(): string;
  close(): void;
}

const loopback = '127.0.0.1';
const connectionsMax = 128;
const requestLimitMs = 10_000;
/** How long an answer may still travel when the page ends. */
const lingerMs = 500;
const newAddressAdvice =
  'Ask for a new address in a terminal with <code>ram page</code>, and open what it prints.';

/** Listens on 127.0.0.1, on a port that is free. */
export async function startPageServer(content: PageContent): Promise<PageServer> {
  const server = createServer({ requestTimeout: requestLimitMs, headersTimeout: requestLimitMs });
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, loopback, resolve);
  });
  return new Served(server, content);
}

class Served implements PageServer {
  readonly location: string;
  readonly #server: Server;
  readonly #content: PageContent;
  readonly #port: number;
  readonly #access: Access;
  readonly #assets: ReadonlyMap<string, ViewerAsset>;

  constructor(server: Server, content: PageContent) {
    this.#server = server;
    this.#content = content;
    this.#port = (server.address() as AddressInfo).port;
    this.#access = new Access(this.#port);
    this.#assets = new Map(loadViewerAssets().map((asset) => [asset.path, asset]));
    this.location = `http://${loopback}:${this.#port}/`;
    server.on('request', (request, response) => {
      try {
        this.#answer(request, response);
      } catch (error) {
        content.report(error);
        response.destroy();
      }
    });
    // The disk decides how long the process lives.
    server.unref();
  }

  newAddress(): string {
    return `${this.location}enter?key=${this.#access.newKey()}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
    setTimeout(() => this.#server.closeAllConnections(), lingerMs).unref();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    setSafeHeaders(response);
    // What it carries is of no interest.
    request.resume();
    const refusal = refusalOf(request, this.#port);
    if (refusal !== undefined) {
      return replyWithAdvice(response, refusal.status, 'Refused', [refusal.message]);
    }
    // As it was asked for; nothing is normalized, so that nothing else is meant.
    const [pathname = '', query] = (request.url ?? '').split('?', 2);
    if (pathname === '/enter') {
      const key = new URLSearchParams(query).get('key') ?? '';
      return this.#enter(key, request, response);
    }
    if (!this.#access.allows(request.headers.cookie)) return replyNoAccess(response);
    if (request.method === 'POST') return this.#post(pathname, request, response);
    this.#get(pathname, response);
  }

  /** Changes a key for a session, and leaves no trace of it in the address bar. */
  #enter(key: string, request: IncomingMessage, response: ServerResponse): void {
    const { 'sec-purpose': purpose, 'sec-fetch-site': site } = request.headers;
    // A browser that looks ahead must not use the address up.
    if (request.method !== 'GET' || String(purpose).includes('prefetch')) {
      return replyNoAccess(response);
    }
    const secret = this.#access.enter(key);
    if (secret === undefined) return replyNoAccess(response);
    response.setHeader('set-cookie', this.#access.cookieFor(secret));
    // After a link on another site a redirect would count as that site's, and get no cookie.
    if (site === 'cross-site' || site === 'same-site') return replyWithHop(response, '/');
    response.setHeader('location', '/');
    reply(response, 303, 'text/plain; charset=utf-8', 'The page is at /\n');
  }

  #post(pathname: string, { headers }: IncomingMessage, response: ServerResponse): void {
    if (pathname !== '/leave') return replyNotFound(response);
    this.#access.leave(headers.cookie);
    replyWithAdvice(response, 200, 'Closed', [
      'This browser has no access to the disk any more.',
      newAddressAdvice,
    ]);
  }

  #get(pathname: string, response: ServerResponse): void {
    const asset = this.#assets.get(pathname);
    if (asset !== undefined) {
      response.setHeader('content-security-policy', viewerContentSecurityPolicy);
      return reply(response, 200, asset.type, asset.body);
    }
    if (pathname === '/events') return this.#content.stream(response);
    const image = /^\/image\/\d+$/.test(pathname) ? this.#content.image() : undefined;
    if (image === undefined) return replyNotFound(response);
    const name = `newest.${image.type.slice('image/'.length)}`;
    response.setHeader('content-disposition', `inline; filename="${name}"`);
    response.setHeader('content-security-policy', imageContentSecurityPolicy);
    reply(response, 200, image.type, image.bytes);
  }
}

function replyNoAccess(response: ServerResponse): void {
  replyWithAdvice(response, 403, 'This needs a new address', [
    'An address of a RAM disk works once, in one browser, as long as the disk is mounted.',
    newAddressAdvice,
  ]);
}

function replyNotFound(response: ServerResponse): void {
  replyWithAdvice(response, 404, 'Not found', ['There is nothing here. <a href="/">The page</a>']);
}
