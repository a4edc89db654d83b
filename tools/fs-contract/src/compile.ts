import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../native/system_calls.cc', import.meta.url));
const folder = fileURLToPath(new URL('../build', import.meta.url));

/** Compiles the program that makes system calls, unless that is done; returns its path. */
export function compileSystemCalls(): string {
  const program = `${folder}/system_calls`;
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(folder, { recursive: true });
  // Several processes may do this at the same time; each puts a whole program in place.
  const unfinished = `${program}.${process.pid}`;
  const flags = ['-std=c++20', '-O1', '-Wall', '-Wextra', '-Werror'];
  execFileSync(process.env.CXX ?? 'c++', [...flags, '-o', unfinished, source], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(unfinished, program);
  return program;
}
