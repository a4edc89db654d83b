// Files that become large while they are open, in each way in which a file can grow, first opened
// in each way. Arguments: directory. Prints ok.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import { Mapper } from './mapper.ts';

const [directory = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
await using mounted = await mount(volume, directory, { io: 'passthrough' });
const mapper = new Mapper();
const large = 300_000;
const more = Buffer.alloc(large, 'm');

type Grow = (path: string) => Promise<void> | void;
const ways: Record<string, Grow> = {
  write: (path) => void fs.writeSync(reopen(path), more, 0, large, 5),
  ftruncate: (path) => {
    const fd = reopen(path);
    fs.ftruncateSync(fd, 5 + large);
    fs.writeSync(fd, more, 0, large, 5);
  },
  otherHandle: (path) => fs.appendFileSync(path, more),
  inProcess: (path) => volume.fs.appendFileSync(path.slice(directory.length), more),
  mapping: async (path) => {
    fs.truncateSync(path, 5 + large);
    await mapper.ask('map', path, path);
    // Where its first open is served, the kernel refuses nothing and writes it back at the msync.
    for (let at = 5; at < 5 + large; at += 1000) {
      const text = 'm'.repeat(Math.min(1000, 5 + large - at));
      assert.equal(await mapper.ask('store', path, at, text), 'ok');
    }
    await mapper.ask('sync', path);
    await mapper.ask('unmap', path);
  },
};

const opened: number[] = [];
function reopen(path: string): number {
  const fd = fs.openSync(path, 'r+');
  opened.push(fd);
  return fd;
}

for (const first of ['r', 'r+', 'a', 'wx+']) {
  for (const [way, grow] of Object.entries(ways)) {
    const name = `/${way}-${first}`;
    if (first !== 'wx+') volume.fs.writeFileSync(name, 'small');
    const fd = fs.openSync(directory + name, first);
    if (first === 'wx+') fs.writeSync(fd, 'small');
    await grow(directory + name);
    const expected = `small${more.toString()}`;
    const what = `${way}, first opened ${first}`;
    assert.equal(fs.fstatSync(fd).size, expected.length, what);
    assert.equal(volume.fs.readFileSync(name, 'latin1'), expected, what);
    assert.equal(fs.readFileSync(directory + name, 'latin1'), expected, what);
    if (first !== 'a') {
      const end = Buffer.alloc(10);
      fs.readSync(fd, end, 0, 10, large - 5);
      assert.equal(end.toString(), 'm'.repeat(10), what);
    }
    for (const one of [fd, ...opened.splice(0)]) fs.closeSync(one);
    assert.equal(fs.readFileSync(directory + name, 'latin1'), expected, what);
    fs.unlinkSync(directory + name);
  }
}
mapper.end();
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
