// Mounts a RAM disk and shows the newest picture on it. Run with an empty directory as argument.
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';
import { NewestPicture } from './newest-picture.ts';
import { serve } from './web-server.ts';

const [directory, ...rest] = process.argv.slice(2);
if (directory === undefined || rest.length > 0) {
  console.error('Usage: node dist/main.js DIR    DIR is an empty directory');
  process.exit(2);
}

const volume = new Volume({ maxBytes: '256M', name: 'pictures' });
const mounted = await mount(volume, directory).catch((error: Error) => {
  console.error(`${directory} can't be mounted: ${error.message}`);
  process.exit(1);
});
const picture = new NewestPicture();
const followed = picture.follow(volume);
const { server, address } = await serve(picture);

console.log(`Open ${address}`);
console.log(`and write pictures to ${mounted.directory}, for example:`);
console.log(`  ffmpeg -re -f lavfi -i testsrc=size=320x200 ${mounted.directory}/%03d.jpg`);
console.log('Ctrl-C ends it, and so does: fusermount3 -u DIR');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void mounted.unmount({ force: true }));
}

// Whoever unmounts it; then nothing is left to do, and the process ends by itself.
await mounted.closed;
server.close();
server.closeAllConnections();
volume.close();
await followed;
console.log('The disk is unmounted.');
