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
import { requirement } from './requirement.ts';

const parameter = '/sys/module/fuse/parameters/enable_uring';
const folder = join(tmpdir(), 'ram-test-io-uring');
const lock = `${folder}.lock`;
const noted = join(folder, 'before');
const lockTimeoutMs = 5000;
const pauseMs = 2;

const isRoot = process.geteuid?.() === 0;
let holds = 0;

/** FUSE over io_uring, which `holdIoUring` switches on. */
export const ioUringMounts = requirement(
  'FUSE over io_uring',
  isRoot && existsSync(parameter) && existsSync('/dev/fuse'),
  isRoot ? 'this kernel does not have it (Linux 6.14)' : 'only root can switch it on',
);

/**
 * Switches FUSE over io_uring on, for the whole machine, and returns what lets go of it: with the
 * last that lets go it is as it was before the first. Those that died without a word count as gone.
 */
export function holdIoUring(): () => void {
  const own = join(folder, `${process.pid}-${(holds += 1)}`);
  locked(() => {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(noted)) writeFileSync(noted, readFileSync(parameter));
    writeFileSync(own, '');
    writeFileSync(parameter, 'Y');
  });
  return () =>
    locked(() => {
      rmSync(own, { force: true });
      if (others().length > 0 || !existsSync(noted)) return;
      writeFileSync(parameter, readFileSync(noted));
      rmSync(folder, { recursive: true });
    });
}

function others(): string[] {
  const holders = existsSync(folder) ? readdirSync(folder) : [];
  return holders.filter((name) => name !== 'before' && isAlive(Number.parseInt(name, 10)));
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** A directory that exists as long as somebody is inside. */
function locked(work: () => void): void {
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
