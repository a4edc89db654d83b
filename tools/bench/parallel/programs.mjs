// The C++ programs that do the work, compiled when needed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const out = fileURLToPath(new URL('../build/parallel', import.meta.url));

/**
 * The path of the program.
 * @param {'parallel_requests' | 'parallel_clients'} program
 * @throws when there is no compiler, or it finds a mistake.
 */
export function buildProgram(program) {
  const args = ['--silent', '-j2', '-f', 'build.mk', `OUT=${out}`, `${out}/${program}`];
  const { status, error, stderr } = spawnSync('make', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`make failed: ${error?.message ?? stderr}`);
  return `${out}/${program}`;
}
