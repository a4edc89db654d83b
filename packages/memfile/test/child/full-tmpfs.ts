// In a mount namespace of its own, as root: full-tmpfs.ts MEMORY DISK
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { list, memorize, memoryOpen } from '@ram/memfile';

const [memory = '', disk = ''] = process.argv.slice(2);
const options = ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=4,mode=0700', 'tmpfs', memory];
equal(spawnSync('mount', options).status, 0);

// A limit of the file system's own is a limit for the file.
const file = await memoryOpen(join(disk, 'a'), 'w', { directory: memory, maxBytes: '1M' });
await rejects(
  file.write(Buffer.alloc(2 ** 20 + 1)).then(({ bytesWritten }) => {
    if (bytesWritten < 2 ** 20 + 1) throw Object.assign(new Error('short'), { code: 'ENOSPC' });
  }),
  { code: 'ENOSPC' },
);
await file.truncate(0);
const { traps } = await list({ directory: memory });
deepEqual(
  traps.map(({ code }) => code),
  ['small'],
);

// Too large for it, then too many.
writeFileSync(join(disk, 'large'), Buffer.alloc(2 ** 20 + 1, 'x'));
await rejects(memorize(join(disk, 'large'), { directory: memory }), {
  code: 'ENOSPC',
  path: join(disk, 'large'),
});
equal(lstatSync(join(disk, 'large')).isFile(), true);
equal(readFileSync(join(disk, 'large')).length, 2 ** 20 + 1);
await rejects(memoryOpen(join(disk, 'b'), 'w', { directory: memory }), {
  code: 'ENOSPC',
  syscall: 'open',
  path: join(disk, 'b'),
});
equal(existsSync(join(disk, 'b')), false);
equal(readdirSync(memory).length, 2);
deepEqual(readdirSync(disk).toSorted(), ['a', 'large']);
await file.close();
console.log('ok');
