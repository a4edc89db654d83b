import type { ServerResponse } from 'node:http';

/** For every answer; a path may replace the policy with its own. */
const alwaysHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export function setSafeHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(alwaysHeaders)) response.setHeader(name, value);
}

/**
 * A policy under which bytes of the disk are an image and nothing else, also when they are opened
 * by themselves and whatever follows their signature.
 */
export const imageContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

export function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  response.setHeader('content-type', type);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.writeHead(status).end(body);
}

/** A page that says what is so and what to do. The texts are ours: nothing in them is escaped. */
export function replyWithAdvice(
  response: ServerResponse,
  status: number,
  title: string,
  paragraphs: readonly string[],
): void {
  const text = paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join('\n');
  reply(response, status, 'text/html; charset=utf-8', document(title, '', `${text}\n`));
}

/** To another path of this page, by the page itself: the next request is then its own. */
export function replyWithHop(response: ServerResponse, path: string): void {
  const refresh = `<meta http-equiv="refresh" content="0; url=${path}">\n`;
  const link = `<p><a href="${path}">The page of the disk</a></p>\n`;
  reply(response, 200, 'text/html; charset=utf-8', document('Opening …', refresh, link));
}

function document(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width">
${head}<title>${title}</title>
<h1>${title}</h1>
${body}</html>
`;
}
