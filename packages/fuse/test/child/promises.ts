// Writes on each side of a Volume that is mounted twice, and looks on each other side, as the table
// "What each io mode promises" in the README has it. Arguments: two directories, io. Prints ok.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from '../../src/index.ts';
import type { IoMode } from '../../src/index.ts';
import { Mapper } from './mapper.ts';

const [first = '', second = '', io = 'passthrough'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
await using one = await mount(volume, first, { io: io as IoMode });
await using two = await mount(volume, second, { io: io as IoMode });
const mapper = new Mapper();
const length = 8;

interface Side {
  write(text: string, offset: number): void | Promise<unknown>;
  read(offset: number): string | Promise<string>;
  /** After which others see what was written, where that isn't at once. */
  publish?: () => Promise<unknown>;
  end(): void | Promise<unknown>;
}

function descriptorSide(api: typeof fs, path: string): Side {
  const fd = api.openSync(path, 'r+');
  return {
    write: (text, offset) => void api.writeSync(fd, text, offset),
    read: (offset) => {
      const buffer = Buffer.alloc(length);
      api.readSync(fd, buffer, 0, length, offset);
      return buffer.toString();
    },
    end: () => api.closeSync(fd),
  };
}

async function mappedSide(name: string, path: string): Promise<Side> {
  assert.equal(await mapper.ask('map', name, path), 'ok');
  return {
    write: (text, offset) => mapper.ask('store', name, offset, text),
    read: (offset) => mapper.ask('load', name, offset, length),
    publish: () => mapper.ask('sync', name),
    end: () => mapper.ask('unmap', name),
  };
}

function viewSide(path: string): Side {
  const view = volume.view(path, { writable: true });
  return {
    write: (text, offset) => void view.write(text, offset),
    read: (offset) => view.toString('latin1', offset, offset + length),
    end: () => {},
  };
}

/** Which sides see at once, or after publishing, what `writer` writes. */
function seenBy(writer: string, reader: string): 'at once' | 'published' | 'not promised' {
  if (io === 'passthrough') return 'at once';
  const maps = (side: string) => side.startsWith('mapped');
  if (maps(reader)) return 'not promised';
  return maps(writer) ? 'published' : 'at once';
}

async function allPairs(sides: Map<string, Side>, size: number) {
  let round = 0;
  for (const [writer, from] of sides) {
    for (const [reader, to] of sides) {
      const seen = seenBy(writer, reader);
      if (writer === reader || seen === 'not promised') continue;
      const text = `w${round}`.padEnd(length, '.');
      // A page of its own for each pair: pages that are mapped are written back whole.
      const offset = size < 100_000 ? 16 : (round * 4096) % (size - length);
      await from.write(text, offset);
      if (seen === 'published') await from.publish?.();
      assert.equal(await to.read(offset), text, `${writer} to ${reader}, ${size} bytes`);
      round++;
    }
  }
}

async function check(size: number, viewed: boolean) {
  const name = `/f${size}${viewed ? 'v' : ''}`;
  volume.fs.writeFileSync(name, Buffer.alloc(size, '-'));
  const sides = new Map<string, Side>();
  if (viewed) sides.set('view', viewSide(name));
  sides.set('mount', descriptorSide(fs, first + name));
  sides.set('second mount', descriptorSide(fs, second + name));
  sides.set('volume.fs', descriptorSide(volume.fs as unknown as typeof fs, name));
  if (size >= 100_000 || io === 'passthrough') {
    sides.set('mapped', await mappedSide('a', first + name));
    sides.set('mapped on the second', await mappedSide('b', second + name));
  }
  await allPairs(sides, size);
  for (const side of sides.values()) await side.end();
  const bytes = volume.fs.readFileSync(name);
  assert.deepEqual(fs.readFileSync(first + name), bytes);
  assert.deepEqual(fs.readFileSync(second + name), bytes);
  for (const folder of [first, second]) {
    const theirs = fs.statSync(folder + name);
    const ours = volume.fs.statSync(name);
    assert.deepEqual([theirs.size, theirs.blocks], [ours.size, ours.blocks]);
    assert.equal(theirs.mtimeMs, ours.mtimeMs);
  }
}

for (const size of [300, 5000, 60_000, 300_000]) await check(size, false);
// A writable view of an open file is refused where the kernel caches pages; before the open it
// makes the opens direct.
for (const size of [300, 300_000]) await check(size, true);
mapper.end();
await one.unmount();
await two.unmount();
volume.close();
process.stdout.write('ok\n');
