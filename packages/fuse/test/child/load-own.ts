// A process that loads libraries from its own mount, which open a file there while the loader's
// lock is held: once on each CPU, so that each thread that serves one gets its first request then.
// Arguments: directory, options of mount() as JSON, the library (programs/map_file.c).
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', options = '{}', library = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const cpus = allowedCpus();
for (const cpu of cpus) {
  volume.fs.writeFileSync(`/library-${cpu}.so`, fs.readFileSync(library), { mode: 0o755 });
  volume.fs.writeFileSync(`/file-${cpu}`, Buffer.alloc(200_000));
}
const mounted = await mount(volume, directory, JSON.parse(options));
let loaded = 0;
for (const cpu of cpus) {
  execFileSync('taskset', ['-p', '-c', String(cpu), String(process.pid)]);
  process.env.RAM_MAP_FILE = `${directory}/file-${cpu}`;
  try {
    process.dlopen({ exports: {} }, `${directory}/library-${cpu}.so`);
  } catch (error) {
    // It is no addon, but it has been loaded.
    loaded += Number(String(error).includes('did not self-register'));
  }
}
process.stdout.write(`${loaded} of ${cpus.length} loaded\n`);
await mounted.unmount({ force: true });

function allowedCpus(): number[] {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
