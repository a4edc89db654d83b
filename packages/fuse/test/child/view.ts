// A writable view of a file that a client has open on the mount. Arguments: directory, io. Prints
// what came of it.
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';

const [directory = '', io = 'cached'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
await using mounted = await mount(volume, directory, { io: io as IoMode });
const fd = fs.openSync(`${directory}/file`, 'w+');
fs.writeSync(fd, 'text');
process.stdout.write(attempt());
fs.closeSync(fd);
await mounted.unmount();
volume.close();

function attempt(): string {
  try {
    const view = volume.view('/file', { writable: true });
    view.write('next');
    const read = Buffer.alloc(4);
    fs.readSync(fd, read, 0, 4, 0);
    return read.toString();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
