import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NewestPicture } from './newest-picture.ts';

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>The newest picture</title>
<h1>The newest picture</h1>
<img src="/pic.jpg" alt="The newest picture; none yet">
<img src="/pic_alt.jpg" alt="The same, masked by a circle">
<script src="/page.js"></script>
</html>
`;

/** Loads each picture anew as soon as it was shown; none yet: a little later. */
const script = `for (const image of document.images) {
  const { pathname } = new URL(image.src);
  const again = () => { image.src = pathname + '?' + Date.now(); };
  image.onload = () => requestAnimationFrame(again);
  image.onerror = () => setTimeout(again, 500);
  again();
}
`;

const headers = {
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; img-src 'self'; script-src 'self'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Serves the newest picture on a free port of 127.0.0.1, to whoever has the token: other users of
 * this machine, and pages of other sites in the same browser, can reach the port as well.
 *
 * @returns The server, and the address to open.
 */
export async function serve(picture: NewestPicture): Promise<{ server: Server; address: string }> {
  const token = randomBytes(32).toString('base64url');
  const server = createServer((request, response) => {
    answer(picture, token, request, response).catch((error: Error) =>
      send(response, 500, 'text/plain', `${error.message}\n`),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, address: `http://127.0.0.1:${port}/?token=${token}` };
}

async function answer(
  picture: NewestPicture,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path, query] = (request.url ?? '').split('?', 2);
  if (isToken(new URLSearchParams(query).get('token'), token)) {
    // Into a cookie, and out of the address bar.
    const cookie = `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict`;
    response.setHeader('set-cookie', cookie);
    response.setHeader('location', path ?? '/');
    return send(response, 303, 'text/plain', 'You have a cookie now.\n');
  }
  const cookies = (request.headers.cookie ?? '').split(/; */);
  const prefix = `${cookieName(request)}=`;
  const given = cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length);
  if (!isToken(given, token)) {
    return send(response, 403, 'text/plain', 'Open the address that the program printed.\n');
  }
  switch (path) {
    case '/':
      return send(response, 200, 'text/html; charset=utf-8', page);
    case '/page.js':
      return send(response, 200, 'text/javascript', script);
    case '/pic.jpg':
      return sendPicture(response, picture.bytes);
    case '/pic_alt.jpg':
      return sendPicture(response, await picture.masked());
    default:
      return send(response, 404, 'text/plain', 'There is nothing here.\n');
  }
}

/** Browsers send cookies to every port of a host; the name tells two of these servers apart. */
function cookieName({ socket }: IncomingMessage): string {
  return `latest-image-${socket.localPort}`;
}

function isToken(given: string | null | undefined, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given ?? ''), hash(token));
}

function sendPicture(response: ServerResponse, bytes: Buffer | undefined): void {
  if (bytes === undefined) send(response, 404, 'text/plain', 'There is no picture yet.\n');
  else send(response, 200, 'image/jpeg', bytes);
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { ...headers, 'content-type': type }).end(body);
}
