// Enters a lock again and again. Each time it says that the holder of the lock is dead before it
// lets go, so that the others take it over at that moment. Fails when two are inside at once.
import { closeSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withLock } from '../../src/lock.ts';

const [directory = ''] = process.argv.slice(2);
const rounds = 40;
const dead = JSON.stringify({ pid: 2 ** 22 + 1, startTicks: 1, bootId: '' });
const lock = join(directory, 'lock');
const inside = join(directory, 'inside');

for (let round = 0; round < rounds; round += 1) {
  await withLock(directory, async () => {
    closeSync(openSync(inside, 'wx'));
    await delay(1); // makes a second holder likely to be seen, if there could be one
    rmSync(inside);
    for (const name of readdirSync(lock)) writeFileSync(join(lock, name), dead);
    await delay(round % 20);
  });
}
