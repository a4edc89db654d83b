import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from './errors.ts';

const waitLimitMs = 2000;
const pollIntervalMs = 10;

/**
 * Runs `body` while no other process or thread that calls this does so for the same path: mount(2)
 * would put their mounts on top of each other.
 *
 * The lock is a name of an abstract unix socket: the kernel gives it to one, and frees it with its
 * process. It is known to this network namespace only, and any user may take it: so nobody waits
 * for it longer than two seconds, and `identifyMount` finds a mount out that goes on without.
 *
 * @param path Absolute, without symlinks.
 * @see unix(7)
 */
export async function withMountLock<T>(path: string, body: () => Promise<T>): Promise<T> {
  const lock = await acquire(`\0ram-fuse-${createHash('sha256').update(path).digest('hex')}`);
  try {
    return await body();
  } finally {
    lock?.close();
  }
}

async function acquire(name: string): Promise<Server | undefined> {
  const giveUp = performance.now() + waitLimitMs;
  for (;;) {
    const result = await listen(name);
    if (typeof result !== 'string') return result;
    // Anything else: a sandbox without sockets.
    if (result !== 'EADDRINUSE' || performance.now() > giveUp) return undefined;
    await delay(pollIntervalMs);
  }
}

/** A server that talks to nobody, or the code of the error. */
function listen(name: string): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => resolve(codeOf(error) ?? ''));
    // `exclusive`: the workers of a cluster would share it.
    server.listen({ path: name, exclusive: true }, () => resolve(server));
  });
}
