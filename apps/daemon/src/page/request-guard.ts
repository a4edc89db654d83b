import type { IncomingMessage } from 'node:http';

/** Why a request is not even looked at. */
export interface Refusal {
  status: 403 | 405;
  /** A sentence for the person at the browser. */
  message: string;
}

/**
 * What a request must be before its path counts: asked for under the page's own address, so that
 * no name that leads here (DNS rebinding) makes another site's script one of ours, and not on
 * behalf of another site, unless a person followed a link.
 */
export function refusalOf(request: IncomingMessage, port: number): Refusal | undefined {
  const { host, origin } = request.headers;
  const method = request.method ?? '';
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return refuse(403, 'This page answers under its own address only.');
  }
  if (method !== 'GET' && method !== 'POST') return refuse(405, 'This page takes GET and POST.');
  const mustSay = method !== 'GET';
  if (origin === undefined ? mustSay : origin !== `http://${host}`) {
    return refuse(403, 'Another site asked for this.');
  }
  return isForOtherSite(request) ? refuse(403, 'Another site asked for this.') : undefined;
}

/** @see https://www.w3.org/TR/fetch-metadata/ */
function isForOtherSite({ headers, method }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  // Of a browser that doesn't say; the cookie and Origin have to do.
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  const isLink =
    method === 'GET' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document';
  return !isLink;
}

function refuse(status: Refusal['status'], message: string): Refusal {
  return { status, message };
}
