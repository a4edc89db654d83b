// Processes that mount on one directory at the same instant, several rounds. Argument: directory.
// Prints what came of each round, and how many mounts were there then and after it.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Volume } from '@ram/fs-core';
import type { Mounted } from '../../src/index.ts';
import { mount } from './mount.ts';

const [directory = '', role] = process.argv.slice(2);
const rounds = 6;
const leadMs = 20;

if (role === 'mounter') mountWhenTold();
else await race();

async function race(): Promise<void> {
  const program = fileURLToPath(import.meta.url);
  const mounters = [1, 2, 3].map(() => fork(program, [directory, 'mounter']));
  await Promise.all(mounters.map((one) => answer(one)));
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const outcomes = await tellAll(mounters, Date.now() + leadMs);
    const during = mountsThere();
    await tellAll(mounters, 'unmount');
    results.push({ outcomes: outcomes.toSorted(), during, after: mountsThere() });
  }
  for (const one of mounters) one.disconnect();
  process.stdout.write(JSON.stringify(results));
}

function mountWhenTold(): void {
  const volume = new Volume({ maxBytes: '16M' });
  let mounted: Mounted | undefined;
  const act = async (what: unknown): Promise<string> => {
    if (what === 'unmount') {
      await mounted?.unmount();
      mounted = undefined;
      return 'unmounted';
    }
    while (Date.now() < Number(what));
    mounted = await mount(volume, directory);
    return 'mounted';
  };
  process.on('message', (what) => {
    act(what).then(
      (result) => process.send?.(result),
      (error: NodeJS.ErrnoException) => process.send?.(error.code),
    );
  });
  process.once('disconnect', () => volume.close());
  process.send?.('ready');
}

async function tellAll(mounters: readonly ChildProcess[], what: number | string) {
  const answers = mounters.map((one) => answer(one));
  for (const one of mounters) one.send(what);
  return Promise.all(answers);
}

async function answer(mounter: ChildProcess): Promise<string> {
  return String((await once(mounter, 'message'))[0]);
}

function mountsThere(): number {
  return readFileSync('/proc/self/mountinfo', 'utf8').split(` ${directory} `).length - 1;
}
