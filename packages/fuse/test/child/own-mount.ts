// A process on its own mount, all in one thread. Arguments: directory, what.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', what = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const mounted = await mount(volume, directory);

if (what === 'hold') {
  // Files open for writing on the own mount, with unflushed writes, until somebody kills us.
  const fd = fs.openSync(`${directory}/held`, 'w');
  fs.writeSync(fd, 'text');
  fs.opendirSync(directory);
  process.stdout.write('ready\n');
  setInterval(() => {}, 1000);
} else if (what === 'force') {
  fs.openSync(`${directory}/held`, 'w');
  const busy = await mounted.unmount({ timeoutMs: 20 }).catch((error) => error.code);
  await mounted.unmount({ force: true, timeoutMs: 20 });
  await mounted.closed;
  process.stdout.write(`${busy}, then over\n`);
} else {
  fs.writeFileSync(`${directory}/file`, 'through the mount');
  const text = fs.readFileSync(`${directory}/file`, 'utf8');
  // Another process, while this thread runs no event loop.
  const other = execFileSync('cat', [`${directory}/file`], { encoding: 'utf8', timeout: 60_000 });
  let readsWhileBusy = 0;
  while (readsWhileBusy < 200 && fs.readFileSync(`${directory}/file`, 'utf8') === text) {
    readsWhileBusy++;
  }
  await mounted.unmount();
  process.stdout.write(JSON.stringify({ text, other, readsWhileBusy }));
}
