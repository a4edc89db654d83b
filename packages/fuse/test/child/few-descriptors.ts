// mount() with every number of free descriptors, from none on, until it succeeds: each failure must
// say EMFILE and leave no mount. Run with a low limit. Arguments: directory. Prints ok.
import assert from 'node:assert';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = ''] = process.argv.slice(2);
using volume = new Volume({ maxBytes: '16M' });

// Loads what the first one loads.
await (await mount(volume, directory)).unmount();

for (let free = 0; !(await mountsWith(free)); free++) assert.ok(free < 20);
process.stdout.write('ok\n');

async function mountsWith(free: number): Promise<boolean> {
  const taken = takeAllBut(free);
  const made = await mount(volume, directory).catch((error: NodeJS.ErrnoException) => error);
  for (const fd of taken) closeSync(fd);
  const isMounted = readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${directory} `);
  if (!(made instanceof Error)) {
    await made.unmount();
    return true;
  }
  assert.equal(made.code, 'EMFILE', made.stack);
  assert.ok(!isMounted, `a mount is left by ${made.stack}`);
  return false;
}

function takeAllBut(left: number): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EMFILE');
      break;
    }
  }
  for (const fd of taken.splice(0, left)) closeSync(fd);
  return taken;
}
