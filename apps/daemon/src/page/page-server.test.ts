import { request } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPageServer } from './page-server.ts';
import type { PageServer } from './page-server.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

// The first bytes of an image, and behind them what must never run.
const polyglot = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  Buffer.from('<script>alert(1)</script>'),
]);

let image: { type: 'image/jpeg'; bytes: Buffer } | undefined;
let server: PageServer;
let port: number;

beforeAll(async () => {
  server = await startPageServer({
    image: () => image,
    stream: (response) => void response.writeHead(200).end('stream'),
    report: (error) => {
      throw error;
    },
  });
  port = Number(new URL(server.location).port);
});

afterAll(() => server.close());

function ask(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false as const };
    const outgoing = request(options, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** The cookie of somebody who was let in. */
async function enter(): Promise<string> {
  const { status, headers } = await ask(server.newAddress().slice(server.location.length - 1));
  expect(status).toBe(303);
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

const advice = /ram page/;

describe('the one-time address', () => {
  it('gives a cookie that no script and no other site gets, and leaves the URL clean', async () => {
    const { status, headers } = await ask(server.newAddress().slice(server.location.length - 1));
    expect(status).toBe(303);
    expect(headers.location).toBe('/');
    const pattern = new RegExp(`^ram-page-${port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`);
    expect(headers['set-cookie']).toEqual([expect.stringMatching(pattern)]);
  });

  it('works once', async () => {
    const path = server.newAddress().slice(server.location.length - 1);
    expect((await ask(path)).status).toBe(303);
    const second = await ask(path);
    expect(second).toMatchObject({ status: 403, text: expect.stringMatching(advice) });
    expect(second.headers['set-cookie']).toBeUndefined();
  });

  it.each(['', '?key=', '?key=x', `?key=${'A'.repeat(43)}`, '?key[]=1', '?KEY=1'])(
    'is not /enter%s',
    async (query) => {
      const answer = await ask(`/enter${query}`);
      expect(answer).toMatchObject({ status: 403, text: expect.stringMatching(advice) });
      expect(answer.headers['set-cookie']).toBeUndefined();
    },
  );

  it('is not used up by a browser that looks ahead, nor by HEAD and POST', async () => {
    const path = server.newAddress().slice(server.location.length - 1);
    expect((await ask(path, { 'sec-purpose': 'prefetch;prerender' })).status).toBe(403);
    expect((await ask(path, {}, 'HEAD')).status).toBe(405);
    const origin = `http://127.0.0.1:${port}`;
    expect((await ask(path, { origin }, 'POST')).status).toBe(403);
    expect((await ask(path)).status).toBe(303);
  });

  it('hops by a page of its own after a link on another site, or no cookie comes', async () => {
    const path = server.newAddress().slice(server.location.length - 1);
    const answer = await ask(path, {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    });
    expect(answer).toMatchObject({ status: 200, text: expect.stringMatching(/url=\/"/) });
    expect(answer.text).not.toMatch(/key/);
  });
});

describe('without a session', () => {
  it.each(['/', '/page.js', '/page.css', '/events', '/image/1', '/nothing', '/../etc/passwd'])(
    '%s is refused with a page that says what to do',
    async (path) => {
      image = { type: 'image/jpeg', bytes: polyglot };
      for (const cookie of ['', 'a=b', `ram-page-${port}=wrong`, `ram-page-${port}=`]) {
        const answer = await ask(path, cookie === '' ? {} : { cookie });
        expect(answer).toMatchObject({ status: 403, text: expect.stringMatching(advice) });
        expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      }
    },
  );

  it('nothing can be closed', async () => {
    const origin = `http://127.0.0.1:${port}`;
    expect((await ask('/leave', { origin }, 'POST')).status).toBe(403);
  });
});

describe('with a session', () => {
  it('hands the page out, under rules by which nothing else runs', async () => {
    const cookie = await enter();
    for (const path of ['/', '/page.js', '/page.css', '/icon.svg', '/image/1', '/nothing']) {
      const { headers } = await ask(path, { cookie });
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none';/);
      expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|data:|\*/);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    const { text } = await ask('/', { cookie });
    expect(text).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=|https?:/);
  });

  it('serves the image as what it is by its signature, in a sandbox', async () => {
    const cookie = await enter();
    image = { type: 'image/jpeg', bytes: polyglot };
    const { status, headers } = await ask('/image/7', { cookie });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'image/jpeg',
      'content-disposition': 'inline; filename="newest.jpeg"',
      'content-security-policy': expect.stringMatching(/sandbox$/),
      'x-content-type-options': 'nosniff',
    });
    image = undefined;
    expect((await ask('/image/7', { cookie })).status).toBe(404);
  });

  it.each(['/image/', '/image/x', '/image/1/2', '/image/../page.js', '/files', '//evil.example/'])(
    'knows no %s',
    async (path) => {
      image = { type: 'image/jpeg', bytes: polyglot };
      const { status } = await ask(path, { cookie: await enter() });
      expect(status).toBe(404);
    },
  );

  it.each(['evil.example', 'evil.example:PORT', '127.0.0.1', 'localhost', '[::1]:PORT', '0:PORT'])(
    'is refused under the name %j',
    async (name) => {
      const cookie = await enter();
      const host = name.replace('PORT', String(port));
      expect((await ask('/', { cookie, host })).status).toBe(403);
    },
  );

  it('is there under localhost too', async () => {
    const cookie = await enter();
    expect((await ask('/', { cookie, host: `localhost:${port}` })).status).toBe(200);
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['no origin that can be named', { origin: 'null' }],
    ['a frame of another site', fetched('cross-site', 'navigate', 'iframe')],
    ['an image on another site', fetched('cross-site', 'no-cors', 'image')],
    ['a script on another port', fetched('same-site', 'no-cors', 'script')],
  ])('is refused to %s', async (_name, headers) => {
    const cookie = await enter();
    expect((await ask('/', { cookie, ...headers })).status).toBe(403);
    expect((await ask('/leave', { cookie, ...headers }, 'POST')).status).toBe(403);
    expect((await ask('/', { cookie })).status).toBe(200);
  });

  it('changes nothing without an Origin, and nothing by GET', async () => {
    const cookie = await enter();
    expect((await ask('/leave', { cookie }, 'POST')).status).toBe(403);
    expect((await ask('/leave', { cookie })).status).toBe(404);
    expect((await ask('/', { cookie })).status).toBe(200);
  });

  it('ends when it leaves', async () => {
    const cookie = await enter();
    const origin = `http://127.0.0.1:${port}`;
    expect((await ask('/leave', { cookie, origin }, 'POST')).status).toBe(200);
    expect((await ask('/', { cookie })).status).toBe(403);
  });

  it.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('takes no %s', async (method) => {
    const { status } = await ask('/', { cookie: await enter() }, method);
    expect(status).toBe(405);
  });
});

describe('the listener', () => {
  it('is on 127.0.0.1 and on no other address', async () => {
    expect(server.location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const others = Object.values(networkInterfaces())
      .flat()
      .map((entry) => entry?.address ?? '')
      .filter(
        (address) => address !== '' && address !== '127.0.0.1' && !address.startsWith('fe80'),
      );
    for (const host of [...others, '127.0.0.2']) {
      expect([host, await canConnect(host)]).toEqual([host, false]);
    }
    expect(await canConnect('127.0.0.1')).toBe(true);
  });

  it('survives what is no HTTP', async () => {
    const end = 'Connection: close\r\n\r\n';
    const host = `Host: 127.0.0.1:${port}\r\n`;
    expect(await send('\0\0\0')).toMatch(/^HTTP\/1.1 400 /);
    expect(await send(`GET / HTTP/1.1\r\n${end}`)).toMatch(/^HTTP\/1.1 400 /);
    expect(await send('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 403 /);
    for (const target of [
      '//',
      'http://[',
      '*',
      '/enter?key=%',
      '/enter?key=%ff%00',
      '/?'.repeat(4_000),
    ]) {
      expect(await send(`GET ${target} HTTP/1.1\r\n${host}${end}`)).toMatch(/^HTTP\/1.1 403 /);
    }
  });
});

function fetched(site: string, mode: string, dest: string): OutgoingHttpHeaders {
  return { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
}

/** All that is answered to some bytes. */
function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

function canConnect(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
