// Mounts a Volume until the standard input ends. Arguments: directory, options of mount() as JSON,
// bytes. Fails if the kernel has sent anything that the driver does not understand.
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';

const [directory = '', options = '{}', maxBytes = '0'] = process.argv.slice(2);

process.umask(0);
const volume = new Volume({ maxBytes: Number(maxBytes) });
const mounted = await mount(volume, directory, JSON.parse(options));
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('end', resolve).resume());
const { unknown, malformed } = mounted.stats();
await mounted.unmount({ force: true });
volume.close();
if (unknown + malformed > 0) {
  throw new Error(`${unknown} unknown requests, ${malformed} malformed ones`);
}
