import { readFileSync } from 'node:fs';

/** A file of the page as a server hands it out. */
export interface ViewerAsset {
  /** Of the URL. */
  path: string;
  type: string;
  body: Buffer;
}

const files: readonly { path: string; file: string; type: string }[] = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { path: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
];

/**
 * Reads the files of the page, which `pnpm build` made.
 * @throws ENOENT when it was not built.
 */
export function loadViewerAssets(): ViewerAsset[] {
  return files.map(({ path, file, type }) => {
    const body = readFileSync(new URL(`../dist/web/${file}`, import.meta.url));
    return { path, type, body };
  });
}

/**
 * The headers under which the page works and nothing else runs: own scripts and styles only, no
 * inline ones, no other origin, no frame around it.
 */
export const viewerContentSecurityPolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
