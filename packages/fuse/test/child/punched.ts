// A client takes pages away from under a view, through its own mapping of a passed-through file:
// the store hears nothing of it. Arguments: directory. Prints ok.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import { Mapper } from './mapper.ts';

const [directory = ''] = process.argv.slice(2);
const page = 4096;
const bytes = 50 * page;
const volume = new Volume({ maxBytes: '16M' });
await using mounted = await mount(volume, directory, { io: 'passthrough' });
const mapper = new Mapper();
const at = (path: string) => directory + path;

/** As much as fits, written by the kernel alone. */
function fill(path: string): number {
  const fd = fs.openSync(at(path), 'w');
  const piece = Buffer.alloc(page, 'x');
  let written = 0;
  try {
    for (;;) written += fs.writeSync(fd, piece);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
  fs.closeSync(fd);
  return written;
}

volume.fs.writeFileSync('/file', Buffer.alloc(bytes, 'a'));
const shared = volume.view('/file', { writable: true });
const apart = volume.view('/file');
assert.equal(await mapper.ask('map', 'file', at('/file')), 'ok');
// A hole is filled again where there is room, and the file then shows what is stored there.
assert.equal(await mapper.ask('punch', 'file', 0, page), 'ok');
assert.equal(shared[0], 0);
shared[1] = 98;
assert.equal(await mapper.ask('load', 'file', 1, 1), 'b');
// On a full disk it reads as zeros.
assert.equal(await mapper.ask('punch', 'file', page, 40 * page), 'ok');
assert.ok(fill('/fills') > 0);
for (const view of [shared, apart]) {
  for (let i = 1; i <= 40; i++) assert.equal(view[i * page], 0);
  assert.equal(view[41 * page], 97);
}
shared[2 * page] = 99;
assert.equal(volume.fs.readFileSync('/file', 'latin1').slice(41 * page), 'a'.repeat(9 * page));
mapper.end();
assert.equal(mounted.stats().requests.write, undefined);
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
