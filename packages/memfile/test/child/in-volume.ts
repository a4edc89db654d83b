// Mounts a Volume and has memory files in it: in-volume.ts MOUNT DISK IO
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';
import type { IoMode } from '@ram/fuse';
import { gc, list, memoryOpen, memoryOpenSync, persist } from '@ram/memfile';

const [directory = '', disk = '', io = 'cached'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '8M' });
const mounted = await mount(volume, directory, { io: io as IoMode });
const inVolume = { volume, mount: mounted };

// It counts in the Volume's usage, and the Volume's limit is its limit.
const before = volume.usage().usedBytes;
const file = await memoryOpen(join(disk, 'a'), 'w+', { ...inVolume, maxBytes: '8M' });
await file.write(Buffer.alloc(2 ** 20, 'x'));
equal(volume.usage().usedBytes - before >= 2 ** 20, true);
equal(readlinkSync(join(disk, 'a')).startsWith(`${directory}/a-memfile-`), true);
const name = readlinkSync(join(disk, 'a')).slice(directory.length);
equal(volume.fs.statSync(name).size, 2 ** 20);
await rejects(memoryOpen(join(disk, 'b'), 'w', { ...inVolume, maxBytes: '1M' }), {
  code: 'ERR_RAM_MEMFILE_LIMIT',
});
const full = await memoryOpen(join(disk, 'full'), 'w', inVolume);
await rejects(full.writeFile(Buffer.alloc(9 * 2 ** 20)), { code: 'ENOSPC' });
await full.unlink();
await full.close();

// What is in use is told, and what lost its link is freed, as in /dev/shm.
const { memfiles } = await list({ directory });
deepEqual(
  memfiles.map(({ state, inUse }) => [state, inUse]),
  [['live', true]],
);
await file.close();
unlinkSync(join(disk, 'a'));
equal((await gc({ directory })).memfiles[0]?.actions[0], 'freed');
deepEqual(readdirSync(directory), []);

// Another Volume is refused, and nothing stays.
const other = new Volume({ maxBytes: '8M' });
await rejects(memoryOpen(join(disk, 'c'), 'w', { volume: other, mount: directory }), {
  code: 'ERR_RAM_MEMFILE_WRONG_MOUNT',
});
deepEqual([readdirSync(directory), readdirSync(disk)], [[], []]);
const elsewhere = { volume: other, mount: directory, spillBytes: '1M', spillDirectory: disk };
for (const flags of ['w', 'wx']) {
  await rejects(memoryOpen(join(disk, 'c'), flags, elsewhere), {
    code: 'ERR_RAM_MEMFILE_WRONG_MOUNT',
  });
}
deepEqual([readdirSync(directory), readdirSync(disk), other.fs.readdirSync('/')], [[], [], []]);
other.close();

// Beyond a size it is on disk, and who has it open goes on.
const spillDirectory = join(disk, 'spilled');
mkdirSync(spillDirectory);
const spilling = { ...inVolume, spillBytes: '1M', spillDirectory };
const large = await memoryOpen(join(disk, 'large'), 'w+', spilling);
const reader = memoryOpenSync(join(disk, 'large'), 'r', inVolume);
for (let i = 0; i < 24; i++) await large.write(Buffer.alloc(2 ** 20, 97 + i));
equal(statSync(reader < 0 ? '' : `/proc/self/fd/${reader}`).size, 24 * 2 ** 20);
equal(volume.usage().bytes.external >= 24 * 2 ** 20, true);
equal(volume.usage().usedBytes < 2 ** 20, true);
const bytes = readFileSync(join(disk, 'large'));
equal(bytes.length, 24 * 2 ** 20);
equal(bytes.subarray(-1).toString(), 'x');
equal(bytes.subarray(0, 1).toString(), 'a');
deepEqual(readdirSync(spillDirectory), []);
await large.close();
await persist(join(disk, 'large'), { force: true });
equal(readFileSync(join(disk, 'large')).equals(bytes), true);

// What is open as passed through can't be told to move any more; what isn't can.
const small = await memoryOpen(join(disk, 'small'), 'w', inVolume);
await small.write('x');
const codeOf = (error: NodeJS.ErrnoException): string | undefined => error.code;
const again = await memoryOpen(join(disk, 'small'), 'a', spilling).catch(codeOf);
if (io === 'passthrough') equal(again, 'ERR_RAM_MEMFILE_IN_USE');
else if (typeof again === 'object') await again.close();
await small.close();
const late = await memoryOpen(join(disk, 'small'), 'a', spilling);
await late.write(Buffer.alloc(2 ** 21));
equal(volume.usage().bytes.external >= 2 ** 21, true);
await late.close();

await mounted.unmount({ force: true });
volume.close();
console.log('ok');
