// A process that has files of its own mount open and mapped, until somebody kills it. Arguments:
// directory, options of mount() as JSON, the shared object that maps (programs/map_file.c).
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', options = '{}', mapper = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
await mount(volume, directory, JSON.parse(options));

const fd = fs.openSync(`${directory}/held`, 'w');
fs.writeSync(fd, 'text');
fs.opendirSync(directory);
fs.writeFileSync(`${directory}/mapped`, Buffer.alloc(200_000));
process.env.RAM_MAP_FILE = `${directory}/mapped`;
try {
  process.dlopen({ exports: {} }, mapper);
} catch {
  // It is no addon, but it has been loaded.
}
const isMapped = fs.readFileSync('/proc/self/maps', 'utf8').includes(`${directory}/mapped`);
process.stdout.write(isMapped ? 'ready\n' : 'the file is not mapped\n');
setInterval(() => {}, 1000);
