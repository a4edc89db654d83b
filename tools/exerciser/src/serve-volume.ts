// Mounts a Volume until SIGTERM. Arguments: directory, bytes, options of mount() as JSON.
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';

const [directory = '', bytes = '', options = '{}'] = process.argv.slice(2);

const volume = new Volume({ maxBytes: Number(bytes) });
const mounted = await mount(volume, directory, JSON.parse(options));
const terminated = new Promise((resolve) => process.once('SIGTERM', resolve));
process.stdout.write('ready\n');
await Promise.race([terminated, mounted.closed]);
await mounted.unmount({ timeoutMs: 10_000 });
volume.close();
