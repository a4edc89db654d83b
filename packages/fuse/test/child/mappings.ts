// Mappings of clients outlive closes, truncates, unlinks and what the store does with a file after
// its last close: no store is lost, and no stranger's bytes are seen. Arguments: directory, io.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';
import { Mapper } from './mapper.ts';

const [directory = '', io = 'passthrough'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
await using mounted = await mount(volume, directory, { io: io as IoMode });
const mapper = new Mapper();
const inside = volume.fs;
const passed = io === 'passthrough';
const at = (path: string) => directory + path;

/** Files that would take over the memory of one that was given up too early. */
function strangers(round: string, count = 100) {
  for (let i = 0; i < count; i++) {
    fs.writeFileSync(at(`/${round}${i}`), `stranger ${i}`.padEnd(5000, '!'));
  }
}
function expectStrangers(round: string, count = 100) {
  for (let i = 0; i < count; i++) {
    const text = `stranger ${i}`.padEnd(5000, '!');
    assert.equal(inside.readFileSync(`/${round}${i}`, 'utf8'), text);
    assert.equal(fs.readFileSync(at(`/${round}${i}`), 'utf8'), text);
  }
}
const fileBytes = () => volume.usage().bytes.file;

async function closed() {
  fs.writeFileSync(at('/kept'), 'k'.repeat(5000));
  await mapper.ask('map', 'kept', at('/kept'));
  strangers('a');
  await mapper.ask('store', 'kept', 100, 'STORED');
  if (!passed) await mapper.ask('sync', 'kept');
  assert.equal(inside.readFileSync('/kept', 'latin1').slice(99, 107), 'kSTOREDk');
  inside.writeFileSync('/kept', 'n'.repeat(5000));
  if (passed) assert.equal(await mapper.ask('load', 'kept', 98, 10), 'n'.repeat(10));
  // Opened and closed again, in each way.
  assert.equal(fs.readFileSync(at('/kept'), 'latin1').slice(98, 101), 'nnn');
  fs.appendFileSync(at('/kept'), 'tail');
  await mapper.ask('store', 'kept', 200, 'AGAIN');
  if (!passed) await mapper.ask('sync', 'kept');
  assert.equal(fs.readFileSync(at('/kept'), 'latin1').slice(199, 206), 'nAGAINn');
  assert.equal(fs.statSync(at('/kept')).size, 5004);
  await mapper.ask('unmap', 'kept');
  expectStrangers('a');
}

async function unlinked() {
  fs.writeFileSync(at('/gone'), 'g'.repeat(9000));
  await mapper.ask('map', 'gone', at('/gone'));
  fs.unlinkSync(at('/gone'));
  strangers('b');
  await mapper.ask('store', 'gone', 4096, 'LATE');
  assert.equal(await mapper.ask('load', 'gone', 4095, 6), 'gLATEg');
  assert.equal(await mapper.ask('load', 'gone', 8990, 10), 'g'.repeat(10));
  expectStrangers('b');
  await mapper.ask('unmap', 'gone');
}

async function truncated() {
  fs.writeFileSync(at('/cut'), 'c'.repeat(20_000));
  await mapper.ask('map', 'cut', at('/cut'));
  fs.truncateSync(at('/cut'), 100);
  strangers('c');
  await mapper.ask('store', 'cut', 10, 'HEAD');
  assert.equal(await mapper.ask('load', 'cut', 9, 6), 'cHEADc');
  fs.truncateSync(at('/cut'), 20_000);
  assert.equal(await mapper.ask('load', 'cut', 12_288, 4), '\0\0\0\0');
  await mapper.ask('store', 'cut', 12_288, 'GREW');
  if (!passed) await mapper.ask('sync', 'cut');
  const bytes = inside.readFileSync('/cut', 'latin1');
  assert.equal(bytes.slice(9, 15) + bytes.slice(12_287, 12_293), 'cHEADc\0GREW\0');
  await mapper.ask('unmap', 'cut');
  expectStrangers('c');
}

// A store changes times and blocks without a request: nobody may have cached them.
async function attributes() {
  const fd = fs.openSync(at('/holes'), 'w+');
  fs.ftruncateSync(fd, 40_000);
  fs.statSync(at('/holes'));
  await mapper.ask('map', 'holes', at('/holes'));
  fs.utimesSync(at('/holes'), 1, 1);
  assert.equal(fs.statSync(at('/holes')).blocks, 0);
  await mapper.ask('store', 'holes', 8192, 'DATA');
  const inStore = inside.statSync('/holes');
  const onMount = fs.statSync(at('/holes'));
  assert.deepEqual([onMount.blocks, onMount.mtimeMs], [inStore.blocks, inStore.mtimeMs]);
  assert.equal(onMount.blocks, 8);
  assert.ok(onMount.mtimeMs > 1000);
  fs.closeSync(fd);
  await mapper.ask('store', 'holes', 20_480, 'MORE');
  assert.equal(fs.statSync(at('/holes')).blocks, 16);
  await mapper.ask('unmap', 'holes');
  fs.unlinkSync(at('/holes'));
}

// What stays small ends as a slab once nobody has it mapped.
async function demoted() {
  const before = fileBytes();
  fs.writeFileSync(at('/small'), 's'.repeat(300));
  await mapper.ask('map', 'small', at('/small'));
  assert.equal(fs.statSync(at('/small')).size, 300);
  await mapper.ask('store', 'small', 0, 'S');
  await mapper.ask('unmap', 'small');
  fs.closeSync(fs.openSync(at('/small'), 'r+'));
  // The kernel tells a last close without waiting for the answer.
  const deadline = Date.now() + 60_000;
  while (fileBytes() > before && Date.now() < deadline) fs.statSync(at('/small'));
  assert.ok(fileBytes() <= before, `${fileBytes()} of ${before}`);
  assert.equal(inside.readFileSync('/small', 'latin1'), `S${'s'.repeat(299)}`);
}

await closed();
await unlinked();
await truncated();
if (passed) await attributes();
if (passed) await demoted();
mapper.end();
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
