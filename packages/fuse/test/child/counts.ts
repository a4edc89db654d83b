// Counts the requests that a client waits for, by what it does. Arguments: directory, io, whether
// the kernel checks permissions. Prints one object as JSON.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';

const [directory = '', io = 'passthrough', checked = 'true'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
for (const folder of ['/unknown', '/listed']) {
  volume.fs.mkdirSync(folder);
  for (let i = 0; i < 10_000; i++) volume.fs.writeFileSync(`${folder}/file-${i}`, '');
}
const options = { io: io as IoMode, defaultPermissions: checked === 'true' };
await using mounted = await mount(volume, directory, options);
const rounds = 20;
// Nobody waits for the answer to these.
const unawaited = new Set(['release', 'forget', 'batch_forget', 'releasedir']);

/** Requests that were made meanwhile. */
function during(work: () => void): Record<string, number> {
  const before = { ...mounted.stats().requests };
  work();
  const more: Record<string, number> = {};
  for (const [name, count] of Object.entries(mounted.stats().requests)) {
    const difference = count - (before[name] ?? 0);
    if (difference !== 0 && !unawaited.has(name)) more[name] = difference;
  }
  return more;
}

/** Requests of one round, of which the first is left out. */
function measure(work: (round: number) => void): Record<string, number> {
  work(0);
  const all = during(() => {
    for (let round = 1; round <= rounds; round++) work(round);
  });
  return Object.fromEntries(Object.entries(all).map(([name, count]) => [name, count / rounds]));
}

function list(directory: string): number {
  return Object.values(
    during(() => execFileSync('ls', ['-l', directory], { stdio: 'ignore' })),
  ).reduce((sum, count) => sum + count, 0);
}

const at = (name: string) => `${directory}/${name}`;
const page = Buffer.alloc(4096, 1);
fs.writeFileSync(at('known'), page);
fs.writeFileSync(at('large'), Buffer.alloc(200_000, 1));
fs.statSync(at('known'));
fs.symlinkSync('known', at('link'));
fs.mkdirSync(at('folder'));
fs.readdirSync(at('folder'));

const result = {
  openSmall: measure(() => fs.closeSync(fs.openSync(at('known'), 'r'))),
  openLarge: measure(() => fs.closeSync(fs.openSync(at('large'), 'r'))),
  create: measure((i) => fs.closeSync(fs.openSync(at(`c${i}`), 'wx'))),
  createAndWrite: measure((i) => {
    const fd = fs.openSync(at(`w${i}`), 'wx');
    fs.writeSync(fd, page);
    fs.closeSync(fd);
  }),
  rename: measure((i) => fs.renameSync(at(`w${i}`), at(`r${i}`))),
  makeDirectory: measure((i) => fs.mkdirSync(at(`d${i}`))),
  unlink: measure((i) => fs.unlinkSync(at(`c${i}`))),
  statCached: measure(() => fs.statSync(at('known'))),
  missing: measure(() => fs.existsSync(at('missing'))),
  readLarge: measure(() => {
    const fd = fs.openSync(at('large'), 'r');
    fs.readSync(fd, page, 0, 4096, 8192);
    fs.closeSync(fd);
  }),
  readLink: measure(() => fs.readlinkSync(at('link'))),
  listKnown: measure(() => fs.readdirSync(at('folder'))),
  listChanged: measure((i) => {
    volume.fs.writeFileSync(`/folder/${i}`, '');
    if (fs.readdirSync(at('folder')).length !== i + 1) throw new Error('a name is missing');
  }),
  longList: list(at('unknown')),
  longListOfListed: (fs.readdirSync(at('listed')), list(at('listed'))),
};
await mounted.unmount();
volume.close();
process.stdout.write(JSON.stringify(result));
