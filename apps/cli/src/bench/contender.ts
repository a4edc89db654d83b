import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appError, fromPlainError } from '@ram/daemon';
import { ramPath } from '../own-program.ts';
import type { ContenderMessage } from './contender-server.ts';
import type { ContenderPlan } from './contenders.ts';

type Answer = { message: ContenderMessage } | { failure: Error };

const endLimitMs = 10_000;

/** A contender that is there to be measured. */
export class Contender {
  readonly name: string;
  readonly #child: ChildProcess;
  #directory = '';
  #expects: ((answer: Answer) => void) | undefined;
  /** What came unasked: its end. */
  #last: Answer | undefined;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    child.on('message', (message: ContenderMessage) => this.#hear({ message }));
    child.on('error', (failure) => this.#hear({ failure }));
    child.once('exit', (code, signal) => {
      const text = `the process of ${name} ended (${signal ?? `code ${code}`})`;
      this.#hear({ failure: appError('ERR_RAM_FAILED', text) });
    });
  }

  /** @throws what keeps it from being mounted */
  static async start(plan: ContenderPlan): Promise<Contender> {
    const args = [ramPath, 'bench', 'serve', JSON.stringify(plan)];
    const child = spawn(process.execPath, args, {
      cwd: '/',
      // Ctrl-C is for this process only; the child sees it go, and cleans up.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const contender = new Contender(plan.name, child);
    const message = await contender.#answer();
    if (message.type === 'refused') {
      await contender.end();
      throw fromPlainError(message.error);
    }
    if (message.type === 'ready') contender.#directory = message.directory;
    return contender;
  }

  get directory(): string {
    return this.#directory;
  }

  /** Requests of the kernel by name, since the mount was made. */
  async requests(): Promise<Record<string, number>> {
    this.#child.send('requests');
    const message = await this.#answer();
    return message.type === 'requests' ? message.requests : {};
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endLimitMs);
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    clearTimeout(timer);
  }

  async #answer(): Promise<ContenderMessage> {
    const answer =
      this.#last ?? (await new Promise<Answer>((resolve) => (this.#expects = resolve)));
    if ('failure' in answer) throw answer.failure;
    return answer.message;
  }

  #hear(answer: Answer): void {
    if ('failure' in answer) this.#last = answer;
    this.#expects?.(answer);
    this.#expects = undefined;
  }
}
