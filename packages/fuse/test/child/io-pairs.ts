// Writes on each side of a mounted Volume and looks on each other side: the table "What each io
// mode promises" in the README, cell by cell. Arguments: two directories, io. Prints the number of
// cells.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';
import { descriptorSide, mappedSide, markLength, viewSide } from './io-sides.ts';
import type { Side } from './io-sides.ts';
import { Mapper } from './mapper.ts';

const [first = '', second = '', mode = 'passthrough'] = process.argv.slice(2);
const io = mode as IoMode;
const volume = new Volume({ maxBytes: '128M' });
volume.fs.mkdirSync('/d');
const mapper = new Mapper();
const page = 4096;
const rounds = 64;

interface Setting {
  mounts: 1 | 2;
  /** The first that comes is a writable view. */
  viewed: boolean;
  bytes: number;
}

/** When the reader sees what the writer wrote. */
type Seen = 'at return' | 'at msync' | 'soon' | 'not promised';

function seen(writer: Side, reader: Side): Seen {
  if (io === 'passthrough') return 'at return';
  const sameMapping = writer.kind === 'mapped' && writer.mount === reader.mount;
  if (sameMapping) return 'at return';
  if (reader.kind === 'mapped') {
    // The kernel hears of a write, and drops its pages; of a store into a view nobody hears.
    return writer.kind === 'writable view' ? 'not promised' : 'soon';
  }
  return writer.kind === 'mapped' ? 'at msync' : 'at return';
}

async function expectSeen(reader: Side, text: string, offset: number, when: Seen, what: string) {
  // Notices of another mount's writes travel on their own.
  const deadline = Date.now() + 60_000;
  let found = await reader.read(offset);
  while (when === 'soon' && found !== text && Date.now() < deadline) {
    found = await reader.read(offset);
  }
  assert.equal(found, text, what);
}

async function openSides(path: string, { mounts, viewed, bytes }: Setting) {
  const sides = new Map<string, Side>();
  if (viewed) sides.set('writable view', viewSide(volume, `/d${path}`, true));
  const folders = [`${first}/d`, second].slice(0, mounts);
  for (const [index, folder] of folders.entries()) {
    sides.set(`mount ${index}`, descriptorSide(fs, folder + path, index));
    const reach = bytes + 4 * rounds * page;
    sides.set(`mapping ${index}`, await mappedSide(mapper, folder + path, reach, index));
  }
  const api = volume.fs as unknown as typeof fs;
  sides.set('volume.fs', descriptorSide(api, `/d${path}`, -1));
  sides.set('view', viewSide(volume, `/d${path}`, false));
  return sides;
}

let cells = 0;

async function overwrite(sides: Map<string, Side>, label: string, size: number) {
  for (const [writer, from] of sides) {
    for (const [reader, to] of sides) {
      const when = seen(from, to);
      if (from.write === undefined || from === to || when === 'not promised') continue;
      const text = `w${cells}`.padEnd(markLength, '.');
      // Pages of their own: a page that is mapped is written back whole.
      const offset = size < 2 * page ? 16 : (cells * page) % (size - page);
      await from.write(text, offset);
      if (when !== 'at return') await from.publish?.();
      await expectSeen(to, text, offset, when, `${writer} to ${reader}: ${label}`);
      cells++;
    }
  }
}

/** Each grows the file in turn, all others look; returns the size in the end. */
async function growth(sides: Map<string, Side>, label: string, size: number, step: number) {
  let end = size;
  for (const [writer, from] of sides) {
    if (from.grow === undefined) continue;
    const text = `g${cells}`.padEnd(markLength, '.');
    from.grow(text, end + step);
    for (const [reader, to] of sides) {
      const what = `${writer} grows for ${reader}: ${label}`;
      const when = seen(from, to) === 'soon' ? 'soon' : 'at return';
      if (to.size) assert.equal(to.size(), end + step + markLength, what);
      await expectSeen(to, text, end + step, when, what);
      if (step > 0) await expectSeen(to, '\0'.repeat(markLength), end, when, what);
      cells++;
    }
    end += step + markLength;
  }
  return end;
}

/** A store behind the last page of the file changes nothing. */
async function behindTheEnd(sides: Map<string, Side>, size: number) {
  const behind = size - (size % page) + 2 * page;
  for (const side of sides.values()) {
    if (side.kind !== 'mapped') continue;
    assert.equal(await mapper.ask('store', `m${side.mount}`, behind, 'x'), 'SIGBUS');
    for (const other of sides.values()) {
      if (other.size) assert.equal(other.size(), size);
    }
  }
}

function expectAgreement(path: string, mounts: number) {
  const bytes = volume.fs.readFileSync(`/d${path}`);
  const ours = volume.fs.statSync(`/d${path}`);
  for (const folder of [`${first}/d`, second].slice(0, mounts)) {
    assert.ok(fs.readFileSync(folder + path).equals(bytes), `${folder}${path}`);
    const { size, blocks, mtimeMs } = fs.statSync(folder + path);
    assert.deepEqual([size, blocks, mtimeMs], [ours.size, ours.blocks, ours.mtimeMs]);
  }
}

async function check(setting: Setting) {
  const label = JSON.stringify({ io, ...setting });
  const path = `/f${setting.bytes}-${setting.mounts}${setting.viewed ? '-viewed' : ''}`;
  volume.fs.writeFileSync(`/d${path}`, Buffer.alloc(setting.bytes, '-'));
  const sides = await openSides(path, setting);
  if (io === 'cached' && setting.mounts === 1 && !setting.viewed) {
    assert.throws(() => volume.view(`/d${path}`, { writable: true }), { code: 'EBUSY' });
  }
  await overwrite(sides, label, setting.bytes);
  let end = await growth(sides, label, setting.bytes, 0);
  end = await growth(sides, label, end, 3 * page);
  if (setting.bytes < 100_000) end = await growth(sides, label, end, 70_000);
  await overwrite(sides, `${label} grown`, setting.bytes);
  await behindTheEnd(sides, end);
  for (const side of sides.values()) await side.end();
  expectAgreement(path, setting.mounts);
  volume.fs.unlinkSync(`/d${path}`);
}

async function all(mounts: 1 | 2) {
  for (const bytes of [300, 60_000, 100 * 1024, 8 * 1024 * 1024]) {
    for (const viewed of [false, true]) await check({ mounts, viewed, bytes });
  }
}

await using one = await mount(volume, first, { io });
assert.equal(one.io.mode, io);
await all(1);
// The second shows the directory of the files as its root.
await using two = await mount(volume, second, { io, root: '/d' });
await all(2);
mapper.end();
await two.unmount();
await one.unmount();
assert.equal(volume.check(), undefined);
volume.close();
process.stdout.write(`${cells} cells\n`);
