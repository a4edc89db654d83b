// A mount made by who is root only in a user namespace of its own: works, without passthrough.
// Arguments: directory, options of mount() as JSON. Prints what is in force, as JSON.
import assert from 'node:assert';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', options = '{}'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const mounted = await mount(volume, directory, JSON.parse(options));

const file = `${directory}/file`;
fs.writeFileSync(file, Buffer.alloc(300_000, 'x'));
assert.equal(volume.fs.statSync('/file').size, 300_000);
volume.fs.appendFileSync('/file', 'tail');
assert.equal(fs.readFileSync(file, 'latin1').slice(-5), 'xtail');
assert.deepEqual([fs.statSync(file).uid, fs.statSync(file).gid], [0, 0]);
assert.throws(() => fs.chownSync(file, 12_345, 0), { code: 'EINVAL' });
// Devices are for real root only, whatever the options say.
const device = ['-m', '666', `${directory}/null`, 'c', '1', '3'];
assert.throws(() => execFileSync('mknod', device, { stdio: 'pipe' }), /not permitted/);
assert.equal(fs.existsSync(`${directory}/null`), false);

const flags = fs
  .readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .find((line) => line.includes(` ${directory} `));
const { io } = mounted;
await mounted.unmount();
volume.close();
process.stdout.write(JSON.stringify({ io, flags }));
