import { request } from 'node:http';
import type {
  DaemonStatus,
  ErrorReply,
  PageReply,
  PageRequest,
  UnmountReply,
  UnmountRequest,
} from './api.ts';
import { appError, fromPlainError } from './app-error.ts';
import { showPath } from './show-path.ts';

const replyBytesMax = 16 * 1024 * 1024;

/** @throws ERR_RAM_NO_ANSWER when nobody answers within the time. */
export function requestStatus(socket: string, timeoutMs: number): Promise<DaemonStatus> {
  return call<DaemonStatus>(socket, 'GET', '/status', undefined, timeoutMs);
}

/** @throws ERR_RAM_NO_ANSWER, and what the server answers: ERR_RAM_BUSY, ERR_RAM_NOT_A_DISK */
export function requestUnmount(
  socket: string,
  body: UnmountRequest,
  timeoutMs: number,
): Promise<UnmountReply> {
  return call<UnmountReply>(socket, 'POST', '/unmount', body, timeoutMs);
}

/** @throws ERR_RAM_NO_ANSWER, ERR_RAM_NOT_A_DISK */
export function requestPage(
  socket: string,
  body: PageRequest,
  timeoutMs: number,
): Promise<PageReply> {
  return call<PageReply>(socket, 'POST', '/page', body, timeoutMs);
}

function call<T>(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
  timeoutMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(
        appError('ERR_RAM_NO_ANSWER', `no answer on ${showPath(socketPath)}`, undefined, cause),
      );
    };
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        headers: { 'content-type': 'application/json', connection: 'close' },
        // The whole call, not only the silence in it.
        signal: AbortSignal.timeout(timeoutMs),
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > replyBytesMax) incoming.destroy(new Error('The reply is too long'));
        });
        incoming.on('error', fail);
        incoming.on('end', () => {
          try {
            const reply = JSON.parse(text) as T | ErrorReply;
            if (incoming.statusCode === 200) resolve(reply as T);
            else reject(fromPlainError((reply as ErrorReply).error));
          } catch (error) {
            fail(error);
          }
        });
      },
    );
    outgoing.on('error', fail);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
