import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Something that the whole machine has one of, and that a test must change. */
export interface MachineSetting {
  /** A file name. */
  name: string;
  read(): string;
  write(value: string): void;
}

const lockTimeoutMs = 60_000;
const pauseMs = 2;
let holds = 0;

/**
 * Sets it for the tests of all processes that hold it, and returns what lets go of it: with the
 * last that lets go it is as it was before the first. Those that died without a word count as gone.
 */
export function holdSetting({ name, read, write }: MachineSetting, value: string): () => void {
  const folder = join(tmpdir(), `ram-test-${name}`);
  const noted = join(folder, 'before');
  const own = join(folder, `${process.pid}-${(holds += 1)}`);
  locked(`${folder}.lock`, () => {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(noted)) writeFileSync(noted, read());
    writeFileSync(own, '');
    write(value);
  });
  return () =>
    locked(`${folder}.lock`, () => {
      rmSync(own, { force: true });
      if (holdersIn(folder).length > 0 || !existsSync(noted)) return;
      write(readFileSync(noted, 'latin1'));
      rmSync(folder, { recursive: true });
    });
}

function holdersIn(folder: string): string[] {
  const holders = existsSync(folder) ? readdirSync(folder) : [];
  return holders.filter((name) => name !== 'before' && isAlive(Number.parseInt(name, 10)));
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** @param lock A directory that exists as long as somebody is inside. */
function locked(lock: string, work: () => void): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const end = Date.now() + lockTimeoutMs;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (Date.now() > end) throw new Error(`${lock} stays: remove it`, { cause: error });
      Atomics.wait(pause, 0, 0, pauseMs);
    }
  }
  try {
    work();
  } finally {
    rmdirSync(lock);
  }
}
