// Mounts a disk that `ram` has no record of, and serves it until it is unmounted.
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';

const [directory = ''] = process.argv.slice(2);
using volume = new Volume({ maxBytes: '32M' });
const mounted = await mount(volume, directory);
console.log('mounted');
await mounted.closed;
