import { readFileSync } from 'node:fs';

/** Of this package. */
export const version: string = readVersion();

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
