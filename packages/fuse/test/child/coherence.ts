// Changes on one side, looked at on the other: `volume.fs` and views here, node:fs over the mount
// there. Arguments: directory, io. Throws at the first difference.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';

const [directory = '', io = 'cached'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '128M' });
await using mounted = await mount(volume, directory, { io: io as IoMode });
const inside = volume.fs;
const at = (path: string) => directory + path;
const enoent = { code: 'ENOENT' };
const buffer = Buffer.alloc(100);

function contents() {
  inside.writeFileSync('/a', 'one');
  assert.equal(fs.readFileSync(at('/a'), 'utf8'), 'one');
  inside.writeFileSync('/a', 'three');
  assert.equal(fs.readFileSync(at('/a'), 'utf8'), 'three');
  fs.writeFileSync(at('/a'), 'x');
  assert.equal(inside.readFileSync('/a', 'utf8'), 'x');
  const fd = fs.openSync(at('/a'), 'r+');
  inside.writeFileSync('/a', '0123456789');
  assert.equal(fs.readSync(fd, buffer, 0, 20, 0), 10);
  inside.truncateSync('/a', 3);
  assert.equal(fs.readSync(fd, buffer, 0, 20, 0), 3);
  assert.equal(fs.fstatSync(fd).size, 3);
  fs.closeSync(fd);
}

function appends() {
  inside.writeFileSync('/log', 'n');
  assert.equal(fs.statSync(at('/log')).size, 1);
  inside.appendFileSync('/log', 'more');
  assert.equal(fs.statSync(at('/log')).size, 5);
  fs.appendFileSync(at('/log'), '!');
  inside.appendFileSync('/log', '?');
  const fd = fs.openSync(at('/log'), 'a');
  inside.appendFileSync('/log', 'between');
  fs.writeSync(fd, 'end');
  fs.closeSync(fd);
  assert.equal(inside.readFileSync('/log', 'utf8'), 'nmore!?betweenend');
  assert.equal(fs.readFileSync(at('/log'), 'utf8'), 'nmore!?betweenend');
}

function names() {
  assert.throws(() => fs.statSync(at('/new')), enoent);
  inside.writeFileSync('/new', 'n');
  fs.statSync(at('/new'));
  inside.renameSync('/new', '/newer');
  assert.throws(() => fs.statSync(at('/new')), enoent);
  fs.statSync(at('/newer'));
  inside.unlinkSync('/newer');
  assert.throws(() => fs.statSync(at('/newer')), enoent);
  inside.mkdirSync('/d');
  inside.writeFileSync('/d/f', 'f');
  assert.deepEqual(fs.readdirSync(at('/d')), ['f']);
  inside.writeFileSync('/d/g', 'g');
  assert.deepEqual(fs.readdirSync(at('/d')).toSorted(), ['f', 'g']);
  inside.symlinkSync('target', '/s');
  assert.equal(fs.readlinkSync(at('/s')), 'target');
}

function attributes() {
  fs.statSync(at('/d/f'));
  inside.chmodSync('/d/f', 0o600);
  assert.equal(fs.statSync(at('/d/f')).mode & 0o777, 0o600);
  assert.equal(fs.statSync(at('/d')).nlink, 2);
  inside.mkdirSync('/d/e');
  assert.equal(fs.statSync(at('/d')).nlink, 3);
  fs.utimesSync(at('/d/f'), 1, 2);
  assert.equal(inside.statSync('/d/f').mtimeMs, 2000);
}

function pingPong() {
  const theirs = fs.openSync(at('/loop'), 'w+');
  const ours = inside.openSync('/loop', 'r+');
  for (let i = 0; i < 3000; i++) {
    inside.writeSync(ours, String(i).padStart(6, '0'), 0);
    fs.readSync(theirs, buffer, 0, 6, 0);
    assert.equal(Number(buffer.toString('utf8', 0, 6)), i);
    fs.writeSync(theirs, String(i + 1).padStart(6, '0'), 0);
    inside.readSync(ours, buffer, 0, 6, 0);
    assert.equal(Number(buffer.toString('utf8', 0, 6)), i + 1);
  }
  fs.closeSync(theirs);
  inside.closeSync(ours);
}

function views() {
  inside.writeFileSync('/view', Buffer.alloc(100_000, 1));
  const view = volume.view('/view', { writable: true });
  const fd = fs.openSync(at('/view'), 'r+');
  for (let i = 0; i < 100; i++) {
    view[5] = i;
    fs.readSync(fd, buffer, 0, 1, 5);
    assert.equal(buffer[0], i);
    fs.writeSync(fd, Buffer.from([i + 1]), 0, 1, 6);
    assert.equal(view[6], i + 1);
  }
  fs.closeSync(fd);
}

for (const part of [contents, appends, names, attributes, pingPong, views]) part();
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
