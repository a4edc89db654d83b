// Counts the requests that a client waits for, by what it does. Arguments: directory, io, whether
// the kernel checks permissions. Prints one object as JSON.
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from '../../src/index.ts';
import type { IoMode } from '../../src/index.ts';

const [directory = '', io = 'passthrough', checked = 'true'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const options = { io: io as IoMode, defaultPermissions: checked === 'true' };
await using mounted = await mount(volume, directory, options);
const rounds = 20;
// Nobody waits for the answer to these.
const unawaited = new Set(['release', 'forget', 'batch_forget', 'releasedir']);

function counts(): Record<string, number> {
  return { ...mounted.stats().requests };
}

/** Requests of one round, of which the first is left out. */
function measure(work: (round: number) => void): Record<string, number> {
  work(0);
  const before = counts();
  for (let round = 1; round <= rounds; round++) work(round);
  const perRound: Record<string, number> = {};
  for (const [name, count] of Object.entries(counts())) {
    const more = count - (before[name] ?? 0);
    if (more !== 0 && !unawaited.has(name)) perRound[name] = more / rounds;
  }
  return perRound;
}

const at = (name: string) => `${directory}/${name}`;
const page = Buffer.alloc(4096, 1);
fs.writeFileSync(at('known'), page);
fs.writeFileSync(at('large'), Buffer.alloc(200_000, 1));
fs.statSync(at('known'));

const result = {
  openSmall: measure(() => fs.closeSync(fs.openSync(at('known'), 'r'))),
  openLarge: measure(() => fs.closeSync(fs.openSync(at('large'), 'r'))),
  create: measure((i) => fs.closeSync(fs.openSync(at(`c${i}`), 'wx'))),
  createAndWrite: measure((i) => {
    const fd = fs.openSync(at(`w${i}`), 'wx');
    fs.writeSync(fd, page);
    fs.closeSync(fd);
  }),
  unlink: measure((i) => fs.unlinkSync(at(`c${i}`))),
  statCached: measure(() => fs.statSync(at('known'))),
  missing: measure(() => fs.existsSync(at('missing'))),
  readLarge: measure(() => {
    const fd = fs.openSync(at('large'), 'r');
    fs.readSync(fd, page, 0, 4096, 8192);
    fs.closeSync(fd);
  }),
};
await mounted.unmount();
volume.close();
process.stdout.write(JSON.stringify(result));
