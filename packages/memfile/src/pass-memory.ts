import { openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { invalidArgument } from '@ram/errno';
import { fromText } from './byte-string.ts';
import { callError } from './errors.ts';
import { native } from './native.ts';
import { toDescriptor } from './seals.ts';

export interface ReceiveOptions {
  /** How long to wait for the other side. Default 10,000. */
  timeoutMs?: number;
}

const defaultTimeoutMs = 10_000;

/**
 * Passes an open file over a unix socket, with one byte, to whoever is on the other side: it gets a
 * descriptor of its own, whatever the file's mode says.
 *
 * @param socket Connected, such as `net.createServer` gives it.
 * @throws EPERM when that is a process of another user
 */
export function sendMemory(socket: Socket, file: number | { fd: number }): void {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) throw invalidArgument('socket', 'Socket', socket);
  const result = native().sendDescriptor(descriptor, toDescriptor(file));
  if (result < 0) throw callError(result, 'sendmsg');
}

/**
 * Connects to a unix socket and takes what `sendMemory` passes there: a descriptor for `node:fs`,
 * which the caller closes.
 *
 * @throws EPERM when another user listens there; ETIMEDOUT; ENODATA when something else came;
 *   ENOENT, ECONNREFUSED, EACCES …
 */
export async function receiveMemory(path: string, options: ReceiveOptions = {}): Promise<number> {
  if (typeof path !== 'string') throw invalidArgument('path', 'string', path);
  const { timeoutMs = defaultTimeoutMs } = options;
  const result = await native().receiveDescriptor(fromText(path), timeoutMs);
  if (result < 0) throw callError(result, 'recvmsg', fromText(path));
  return isMainThread ? result : toNodeDescriptor(result);
}

/** One that Node opened itself: in workers it warns of others when they are closed. */
function toNodeDescriptor(received: number): number {
  const fd = openSync('/dev/null', 'r');
  native().moveDescriptor(received, fd);
  return fd;
}

/** Node has no public way to a socket's descriptor. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle } = (socket ?? {}) as unknown as { _handle?: { fd?: number } };
  return typeof _handle?.fd === 'number' && _handle.fd >= 0 ? _handle.fd : undefined;
}
