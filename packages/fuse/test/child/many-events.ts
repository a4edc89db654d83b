// Mounts a Volume for many clients, with a fast, a slow and a throwing listener, and one that is
// removed halfway; says in the end what each of them got. Arguments: directory, number of files.
import { Volume } from '@ram/fs-core';
import type { VolumeEvent } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', filesText = ''] = process.argv.slice(2);
const files = Number(filesText);
const types = ['created', 'opened', 'written', 'closed', 'renamed', 'removed'] as const;
const expected = files * types.length;

const volume = new Volume({ maxBytes: '512M' });

/** What each file must go through; RELEASE, which tells of the close, may come a little later. */
const seen = new Map<number, string[]>();
const fast = { events: 0, lost: 0, wrong: [] as string[] };
const slow = { events: 0, lost: 0 };
const thrower = { events: 0, errors: 0, lost: 0 };
const half = { events: 0 };
let finish = (): void => {};

process.on('uncaughtException', (error) => {
  if (error.message !== 'on purpose') throw error;
  thrower.errors += 1;
});

for (const type of types) {
  volume.on(type, hear);
  volume.on(type, dawdle, { maxQueued: 500 });
  volume.on(type, throwOne);
  volume.on(type, hearHalf);
}

function hear(event: VolumeEvent): void {
  if (event.type === 'overflow') {
    fast.lost += event.lost ?? 0;
    return finish();
  }
  fast.events += 1;
  finish();
  const inode = event.inode ?? 0;
  const story = seen.get(inode) ?? [];
  story.push(event.type);
  seen.set(inode, story);
  if (story.length < types.length) return;
  // The number may come again, for another file.
  seen.delete(inode);
  const rest = story.filter((type) => type !== 'closed').join();
  const closed = story.indexOf('closed');
  if (rest !== 'created,opened,written,renamed,removed' || closed < story.indexOf('written')) {
    fast.wrong.push(story.join());
  }
}

function dawdle(event: VolumeEvent): void {
  if (event.type === 'overflow') slow.lost += event.lost ?? 0;
  else slow.events += 1;
  finish();
  const end = performance.now() + 1;
  while (performance.now() < end) {
    // Much to do.
  }
}

// Errors take their time: it may be too slow as well.
function throwOne(event: VolumeEvent): void {
  if (event.type === 'overflow') {
    thrower.lost += event.lost ?? 0;
    return finish();
  }
  thrower.events += 1;
  finish();
  throw new Error('on purpose');
}

function hearHalf(event: VolumeEvent): void {
  if (event.type === 'overflow') return;
  half.events += 1;
  if (half.events < expected / 2) return;
  for (const type of types) volume.off(type, hearHalf);
}

const mounted = await mount(volume, directory, { io: 'cached' });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('end', resolve).resume());
await mounted.unmount();
// Listeners don't keep a process.
const alive = setInterval(() => {}, 60_000);
await new Promise<void>((resolve) => {
  finish = () => {
    const all = [fast, slow, thrower];
    if (all.every(({ events, lost }) => events + lost === expected)) resolve();
  };
  finish();
});
clearInterval(alive);
const report = { fast, unfinished: seen.size, slow, thrower, half: half.events };
process.stdout.write(`${JSON.stringify(report)}\n`);
volume.close();
