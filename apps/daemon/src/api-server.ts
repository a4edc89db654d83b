import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  DaemonStatus,
  ErrorReply,
  PageReply,
  PageRequest,
  UnmountReply,
  UnmountRequest,
} from './api.ts';
import { appError, toPlainError } from './app-error.ts';
import { showPath } from './show-path.ts';

const bodyBytesMax = 64 * 1024;
/** sun_path without its final zero. @see unix(7) */
const socketPathBytesMax = 107;
/** How long a connection may stay open when the server ends. */
const lingerMs = 500;

export interface ApiHandlers {
  status(): DaemonStatus;
  unmount(request: UnmountRequest): Promise<UnmountReply>;
  page(request: PageRequest): Promise<PageReply>;
}

export interface ApiServer {
  close(): Promise<void>;
}

type Route = (body: unknown) => unknown;

/** Errors that say something about the request, and their HTTP status; all others are 500. */
const httpStatus: Record<string, number> = {
  ERR_RAM_USAGE: 400,
  ERR_RAM_NOT_A_DISK: 404,
  ERR_RAM_BUSY: 409,
  ERR_RAM_ALREADY_MOUNTED: 409,
};

/**
 * Listens on a unix socket that only this user can open, in a directory only they can enter.
 * @throws ERR_RAM_PATH_TOO_LONG
 */
export async function startApiServer(
  socketPath: string,
  handlers: ApiHandlers,
): Promise<ApiServer> {
  checkLength(socketPath);
  const routes: Record<string, Record<string, Route>> = {
    '/status': { GET: () => handlers.status() },
    '/unmount': { POST: (body) => handlers.unmount(checkUnmount(body)) },
    '/page': { POST: (body) => handlers.page(checkPage(body)) },
  };
  const server = createServer((incoming, outgoing) => {
    void respond(routes, incoming, outgoing);
  });
  // Of a killed process that had the same number.
  rmSync(socketPath, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      try {
        chmodSync(socketPath, 0o600);
        resolve({ close: () => close(server) });
      } catch (error) {
        server.close();
        reject(error);
      }
    });
  });
}

/** Node cuts longer paths off, and the socket would be made somewhere else. */
function checkLength(socketPath: string): void {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes <= socketPathBytesMax) return;
  throw appError(
    'ERR_RAM_PATH_TOO_LONG',
    `the path of the socket ${showPath(socketPath)} has ${bytes} bytes, ` +
      `and the kernel takes at most ${socketPathBytesMax}`,
    'Set RAM_RUNTIME_DIR or XDG_RUNTIME_DIR to a folder with a shorter path',
  );
}

function close(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), lingerMs).unref();
  });
}

async function respond(
  routes: Record<string, Record<string, Route>>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const send = (status: number, body: unknown): void => {
    outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    outgoing.end(`${JSON.stringify(body)}\n`);
  };
  const refuse = (status: number, message: string): void => {
    send(status, { error: { code: 'ERR_RAM_USAGE', message } } satisfies ErrorReply);
  };
  try {
    const methods = routes[new URL(incoming.url ?? '/', 'http://ramd').pathname];
    const route = methods?.[incoming.method ?? ''];
    if (methods === undefined) return refuse(404, `there is no ${incoming.url}`);
    if (route === undefined) return refuse(405, `use ${Object.keys(methods).join(', ')}`);
    send(200, await route(await readBody(incoming)));
  } catch (error) {
    const plain = toPlainError(error);
    send(httpStatus[plain.code] ?? 500, { error: plain } satisfies ErrorReply);
  }
}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyBytesMax) throw appError('ERR_RAM_USAGE', 'the body is too long');
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw appError('ERR_RAM_USAGE', 'the body is no JSON', undefined, error);
  }
}

function checkPage(body: unknown): PageRequest {
  const { name } = (body ?? {}) as Partial<PageRequest>;
  if (typeof name !== 'string') throw appError('ERR_RAM_USAGE', 'expected { "name": string }');
  return { name };
}

function checkUnmount(body: unknown): UnmountRequest {
  const { name, force = false } = (body ?? {}) as Partial<UnmountRequest>;
  if (typeof name !== 'string' || typeof force !== 'boolean') {
    throw appError('ERR_RAM_USAGE', 'expected { "name": string, "force"?: boolean }');
  }
  return { name, force };
}
