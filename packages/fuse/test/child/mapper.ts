// A client that maps files: test/programs/mapper.cc, asked from here.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compile } from './compile.ts';

let program: string | undefined;

export class Mapper {
  readonly #child = spawn((program ??= compile('mapper')), [], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();

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
