// A client that maps files: test/programs/mapper.cc, asked from here.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

function compile(): string {
  const source = fileURLToPath(new URL('../programs/mapper.cc', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'ram-mapper-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'mapper');
  const flags = ['-std=c++20', '-Wall', '-Wextra', '-Werror'];
  execFileSync(process.env.CXX ?? 'c++', [...flags, '-o', program, source], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return program;
}

let program: string | undefined;

export class Mapper {
  readonly #child = spawn((program ??= compile()), [], { stdio: ['pipe', 'pipe', 'inherit'] });
  readonly #lines = createInterface({ input: this.#child.stdout, crlfDelay: Infinity })[
    Symbol.asyncIterator
  ]();

  /** One command of mapper.cc; its answer. */
  async ask(...words: (string | number)[]): Promise<string> {
    this.#child.stdin.write(`${words.join(' ')}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the mapper has died');
    return String(value);
  }

  end(): void {
    this.#child.stdin.end();
  }
}
