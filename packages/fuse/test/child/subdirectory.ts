// A mount of a directory of the Volume: what it reaches, and what becomes of it when the directory
// is moved or removed. Arguments: directory, io. Throws at the first difference.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';

const [directory = '', io = 'cached'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const inside = volume.fs;
const at = (path: string) => directory + path;
const enoent = { code: 'ENOENT' };
const options = { io: io as IoMode };

inside.mkdirSync('/top/sub/deep', { recursive: true });
inside.writeFileSync('/secret', 'secret');
inside.writeFileSync('/top/near', 'near');
inside.symlinkSync('/top/sub', '/link');
inside.symlinkSync('../../secret', '/top/sub/up');

async function refused(root: string, code: string) {
  await assert.rejects(mount(volume, directory, { ...options, root }), { code });
}
await refused('/none', 'ENOENT');
await refused('/top/none/deep', 'ENOENT');
await refused('/secret', 'ENOTDIR');
await refused('/secret/below', 'ENOTDIR');
await refused('/link', 'ELOOP');
await refused('/link/deep', 'ELOOP');
await refused(`/${'x'.repeat(256)}`, 'ENAMETOOLONG');
await refused('/top/../top', 'ERR_INVALID_ARG_VALUE');

await using mounted = await mount(volume, directory, { ...options, root: '/top/sub/' });

function reach() {
  assert.deepEqual(fs.readdirSync(directory).toSorted(), ['deep', 'up']);
  assert.equal(fs.statSync(directory).ino, inside.statSync('/top/sub').ino);
  // Its parent is the directory of the mount point, by name and by descriptor.
  assert.equal(fs.statSync(at('/..')).dev, fs.statSync('/tmp').dev);
  assert.equal(fs.existsSync(at('/../near')), false);
  assert.throws(() => fs.readFileSync(at('/up')), enoent);
  const open = fs.opendirSync(directory);
  open.closeSync();
}

function bothWays() {
  fs.writeFileSync(at('/made'), 'outside');
  assert.equal(inside.readFileSync('/top/sub/made', 'utf8'), 'outside');
  assert.throws(() => fs.statSync(at('/later')), enoent);
  inside.writeFileSync('/top/sub/later', 'x');
  assert.equal(fs.readFileSync(at('/later'), 'utf8'), 'x');
  assert.equal(fs.statSync(directory).nlink, 3);
  inside.mkdirSync('/top/sub/e');
  assert.equal(fs.statSync(directory).nlink, 4);
  fs.renameSync(at('/made'), at('/deep/moved'));
  fs.renameSync(at('/deep/moved'), at('/back'));
  assert.equal(inside.readFileSync('/top/sub/back', 'utf8'), 'outside');
  fs.linkSync(at('/back'), at('/twice'));
  fs.rmdirSync(at('/e'));
  fs.mkdirSync(at('/e'));
  inside.chmodSync('/top/sub', 0o710);
  assert.equal(fs.statSync(directory).mode & 0o777, 0o710);
  fs.chmodSync(directory, 0o755);
  assert.equal(inside.statSync('/top/sub').mode & 0o777, 0o755);
  // What changes at the Volume's root means nothing here.
  inside.writeFileSync('/later', 'not here');
  inside.unlinkSync('/secret');
  assert.equal(fs.readFileSync(at('/later'), 'utf8'), 'x');
}

function moved() {
  inside.renameSync('/top/sub', '/elsewhere');
  inside.writeFileSync('/elsewhere/after', 'a');
  assert.equal(fs.readFileSync(at('/after'), 'utf8'), 'a');
  // Into a directory that it had, and that somebody has open still: no way around in circles.
  const deep = fs.openSync(at('/deep'), 'r');
  inside.renameSync('/elsewhere/deep', '/deep');
  assert.deepEqual(fs.readdirSync(directory).includes('deep'), false);
  inside.renameSync('/elsewhere', '/deep/elsewhere');
  assert.equal(fs.readFileSync(at('/after'), 'utf8'), 'a');
  const around = `/proc/self/fd/${deep}`;
  assert.deepEqual(fs.readdirSync(around), ['elsewhere']);
  assert.throws(() => fs.statSync(`${around}/elsewhere`), { code: 'EIO' });
  fs.closeSync(deep);
}

function removed() {
  inside.rmSync('/deep/elsewhere', { recursive: true });
  assert.deepEqual(fs.readdirSync(directory), []);
  assert.equal(fs.statSync(directory).nlink, 0);
  assert.throws(() => fs.writeFileSync(at('/new'), ''), enoent);
  assert.throws(() => fs.mkdirSync(at('/new')), enoent);
  assert.throws(() => fs.statSync(at('/after')), enoent);
  inside.mkdirSync('/deep/elsewhere');
  assert.throws(() => fs.writeFileSync(at('/new'), ''), enoent);
}

for (const part of [reach, bothWays, moved, removed]) part();
const { inodes } = volume.usage();
await mounted.unmount();
// The mount kept the removed directory.
assert.ok(volume.usage().inodes < inodes);
volume.close();
process.stdout.write('ok\n');
