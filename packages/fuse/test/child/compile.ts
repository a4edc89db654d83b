import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Compiles a program of test/programs; returns its path, which lives as long as this process. */
export function compile(name: string): string {
  const source = fileURLToPath(new URL(`../programs/${name}.cc`, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'ram-program-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, name);
  const flags = ['-std=c++20', '-Wall', '-Wextra', '-Werror'];
  execFileSync(process.env.CXX ?? 'c++', [...flags, '-o', program, source], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return program;
}
