// A client that maps files: test/programs/mapper.py, asked from here.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export class Mapper {
  readonly #child = spawn(
    'python3',
    [fileURLToPath(new URL('../programs/mapper.py', import.meta.url))],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  readonly #lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();

  /** One command of mapper.py; its answer. */
  async ask(...words: (string | number)[]): Promise<string> {
    this.#child.stdin.write(`${words.join(' ')}\n`);
    const { value } = await this.#lines.next();
    return String(value);
  }

  end(): void {
    this.#child.stdin.end();
  }
}
