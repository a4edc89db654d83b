import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Sanitizer = 'none' | 'address' | 'thread';

const folder = fileURLToPath(new URL('..', import.meta.url));
const flags = { none: '', address: 'address,undefined', thread: 'thread' };

/**
 * Compiles one of the native programs, as far as that isn't done; returns its path. Not for two
 * processes at a time.
 */
export function buildProgram(
  program: 'exercise' | 'serve_volume',
  sanitizer: Sanitizer = 'none',
): string {
  const out = `build/${sanitizer}`;
  const variables = [`OUT=${out}`, `SANITIZE=${flags[sanitizer]}`, `PROGRAM=${program}`];
  execFileSync('make', ['--silent', '-j2', '-f', 'build.mk', ...variables], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return `${folder}${out}/${program}`;
}
