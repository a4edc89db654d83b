import { request } from 'node:http';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonStatus } from './api.ts';
import { startApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';
import { appError } from './app-error.ts';
import { requestPage, requestStatus, requestUnmount } from './client.ts';

const limitMs = 5_000;
const never = (): Promise<never> => new Promise(() => {});
const handlers = { status: () => status, unmount: never, page: never };
const status: DaemonStatus = { version: '1', pid: 2, disks: [] };

function send(socketPath: string, method: string, path: string, body = ''): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('end', () => resolve([incoming.statusCode, JSON.parse(text)]));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('the API', () => {
  const directory = temporaryDirectory();
  const socket = join(directory, 'ramd.sock');
  let server: ApiServer;

  beforeAll(async () => {
    writeFileSync(socket, 'left over');
    server = await startApiServer(socket, {
      status: () => status,
      unmount: ({ name, force }) => {
        if (name === 'busy') return Promise.reject(appError('ERR_RAM_BUSY', 'in use', 'Close it'));
        if (name === 'broken') return Promise.reject(new Error('two\nlines'));
        return Promise.resolve({ name, directory: `/${force}` });
      },
      page: ({ name }) => Promise.resolve({ name, address: 'http://127.0.0.1:1/enter?key=k' }),
    });
  });

  afterAll(() => server.close());

  it('is open to its user only', () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
  });

  it('answers its client', async () => {
    expect(await requestStatus(socket, limitMs)).toEqual(status);
    const reply = { name: 'a', directory: '/false' };
    expect(await requestUnmount(socket, { name: 'a' }, limitMs)).toEqual(reply);
    const page = { name: 'a', address: 'http://127.0.0.1:1/enter?key=k' };
    expect(await requestPage(socket, { name: 'a' }, limitMs)).toEqual(page);
  });

  it('hands errors over with code and hint', async () => {
    await expect(requestUnmount(socket, { name: 'busy' }, limitMs)).rejects.toMatchObject({
      code: 'ERR_RAM_BUSY',
      message: 'in use',
      hint: 'Close it',
    });
    expect(await send(socket, 'POST', '/unmount', '{"name":"broken"}')).toEqual([
      500,
      { error: { code: 'ERR_RAM_FAILED', message: 'two lines' } },
    ]);
  });

  it.each([
    ['GET', '/nothing', '', 404],
    ['DELETE', '/status', '', 405],
    ['GET', '/constructor', '', 404],
    ['POST', '/unmount', '', 400],
    ['POST', '/unmount', '{', 400],
    ['POST', '/unmount', '[]', 400],
    ['POST', '/unmount', '{"name":1}', 400],
    ['POST', '/unmount', '{"name":"a","force":"yes"}', 400],
    ['POST', '/unmount', 'x'.repeat(100_000), 400],
    ['GET', '/page', '', 405],
    ['POST', '/page', '', 400],
    ['POST', '/page', '{"name":["a"]}', 400],
  ])('refuses %s %s %.20s', async (method, path, body, expected) => {
    const answer = [expected, { error: { code: 'ERR_RAM_USAGE', message: expect.any(String) } }];
    expect(await send(socket, method, path, body)).toEqual(answer);
  });

  it('counts as silent when nobody listens, or nobody answers in time', async () => {
    const noAnswer = { code: 'ERR_RAM_NO_ANSWER' };
    await expect(requestStatus(join(directory, 'none'), limitMs)).rejects.toMatchObject(noAnswer);
    const mute = join(directory, 'mute.sock');
    const server = await startApiServer(mute, handlers);
    await expect(requestUnmount(mute, { name: 'a' }, 50)).rejects.toMatchObject(noAnswer);
    await server.close();
  });
});

describe('the socket', () => {
  const directory = temporaryDirectory();
  /** A path of so many bytes. */
  const pathOf = (bytes: number): string => {
    const name = 'ü'.repeat(100);
    const rest = bytes - Buffer.byteLength(directory) - 1;
    return join(directory, name.slice(0, Math.floor(rest / 2)) + 'x'.repeat(rest % 2));
  };

  it('may have a path of 107 bytes', async () => {
    const path = pathOf(107);
    const server = await startApiServer(path, handlers);
    expect(await requestStatus(path, limitMs)).toEqual(status);
    await server.close();
  });

  it('is refused where its path is longer, and made nowhere else', async () => {
    const path = pathOf(108);
    await expect(startApiServer(path, handlers)).rejects.toMatchObject({
      code: 'ERR_RAM_PATH_TOO_LONG',
      message: expect.stringMatching(/108 bytes.* 107/),
      hint: expect.stringMatching(/RAM_RUNTIME_DIR.*XDG_RUNTIME_DIR/),
    });
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('that is taken away at once is an error of the start, and nothing else', async () => {
    const path = join(directory, 'short.sock');
    const started = startApiServer(path, handlers);
    expect(existsSync(path)).toBe(true);
    rmSync(path);
    await expect(started).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
