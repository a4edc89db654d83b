// Always has the newest finished file of a directory, without a copy, whoever writes there.
import { Volume } from '@ram/fs-core';

export async function newestFiles(): Promise<string[]> {
  using volume = new Volume({ maxBytes: '64M' });
  const { fs } = volume;
  fs.mkdirSync('/frames');
  const seen: string[] = [];

  const following = (async () => {
    for await (const event of volume.events({ types: ['closed'], path: '/frames' })) {
      // A slow consumer hears of what it missed, and goes on.
      if (event.type === 'overflow') seen.push(`${event.lost} missed`);
      else if (event.written) seen.push(`${event.path}: ${event.view().toString()}`);
      if (event.path === '/frames/last') break; // listens no more
    }
  })();

  fs.writeFileSync('/frames/1', 'first');
  fs.writeFileSync('/elsewhere', 'not for us');
  fs.readFileSync('/frames/1'); // closed too, but not written
  fs.unlinkSync('/frames/1'); // gone, and still to be seen: the event leads to it
  fs.writeFileSync('/frames/last', 'second');
  await following;
  return seen;
}
