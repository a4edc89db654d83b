import {
  closeSync,
  linkSync,
  openSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { memoryOpenSync } from '@ram/memfile';
import type { Opener } from '../src/calls.ts';
import { findContents } from '../src/examine.ts';
import { gcSteps } from '../src/gc-steps.ts';
import { memorizeSteps } from '../src/memorize-steps.ts';
import { toOpenFlags } from '../src/open-mode.ts';
import { openSteps } from '../src/open-steps.ts';
import { persistSteps, persistToSteps } from '../src/persist-steps.ts';
import { removeSteps } from '../src/remove-steps.ts';
import { perform } from '../src/steps.ts';
import type { Steps } from '../src/steps.ts';

/** What tests stop in the middle, and let race. Each works on the path `disk/file`. */
export interface Ground {
  disk: string;
  memory: string;
}

export const content = 'what must not be lost';

/** Makes a state for an operation to start from. */
export const states = {
  nothing: () => {},
  live: ({ disk, memory }: Ground) => {
    const fd = memoryOpenSync(join(disk, 'file'), 'w', { directory: memory });
    writeSync(fd, content);
    closeSync(fd);
    asOfDeadProcess(join(disk, 'file'));
  },
  stale: (ground: Ground) => {
    states.live(ground);
    unlinkSync(readlinkSync(join(ground.disk, 'file')));
  },
  unrecorded: (ground: Ground) => {
    states.live(ground);
    unlinkSync(`${readlinkSync(join(ground.disk, 'file'))}.link`);
  },
  orphaned: (ground: Ground) => {
    states.live(ground);
    unlinkSync(join(ground.disk, 'file'));
  },
  /** The record still has the old name. */
  moved: (ground: Ground) => {
    states.live(ground);
    const [from, to] = [join(ground.disk, 'file'), join(ground.disk, 'moved')];
    unlinkAndKeep(from, to);
  },
  regular: ({ disk }: Ground) => writeFileSync(join(disk, 'file'), content),
} satisfies Record<string, (ground: Ground) => void>;

/** As if the process that made the content had ended since. */
function asOfDeadProcess(path: string): void {
  const record = `${readlinkSync(path)}.link`;
  unlinkSync(record);
  symlinkSync(`memfile:1:pid=1.1:${path}`, record);
}

/** Handles that an operation which was stopped in the middle left open. */
const open = new Set<number>();

export function closeAll(): void {
  for (const fd of open) closeSync(fd);
  open.clear();
}

const opener: Opener<number> = {
  open(...args) {
    const fd = openSync(...args);
    open.add(fd);
    return fd;
  },
  close(fd) {
    open.delete(fd);
    closeSync(fd);
  },
};

/** A link under another name, whose record leads to where it isn't any more. */
function unlinkAndKeep(from: string, to: string): void {
  linkSync(from, to);
  unlinkSync(from);
}

function opening(flags: string) {
  return function* ({ disk, memory }: Ground, name = 'file'): Steps<unknown> {
    const request = {
      path: join(disk, name),
      flags: toOpenFlags(flags),
      mode: 0o600,
      directory: memory,
    };
    const { handle } = yield* openSteps(request, opener);
    if (flags !== 'r') writeSync(handle, `by ${flags}`);
    opener.close(handle);
    return 'opened';
  };
}

export const operations: Record<string, (ground: Ground) => Steps<unknown>> = {
  r: opening('r'),
  'r+': opening('r+'),
  w: opening('w'),
  a: opening('a'),
  wx: opening('wx'),
  'a, of the moved link': (ground) => opening('a')(ground, 'moved'),
  remove: ({ disk }) => removeSteps(join(disk, 'file')),
  persist: ({ disk }) => persistSteps(join(disk, 'file')),
  'persist elsewhere': ({ disk }) => persistToSteps(join(disk, 'file'), join(disk, 'other')),
  memorize: ({ disk, memory }) => memorizeSteps(join(disk, 'file'), memory),
  *gc({ memory }) {
    const request = { unrecorded: false, dryRun: false, found: new Map<string, string>() };
    const scan = { name: 'scan', now: () => findContents(memory) };
    for (const one of yield* perform(scan)) yield* gcSteps(one, request);
  },
};
