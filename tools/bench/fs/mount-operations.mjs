// What is measured through a mount; native/mount_operations.cc makes the calls.

/**
 * @typedef {object} MountOperation
 * @property {string} name As in the C++ program.
 * @property {number} count How often in a round.
 * @property {number} [rounds] Fewer than usual, for what takes long.
 * @property {boolean} [fills] On files that were made inside, which no cache knows.
 */

/** The null request first: the others are judged by it. @type {readonly MountOperation[]} */
export const mountOperations = [
  { name: 'null request', count: 4000, rounds: 9 },
  { name: 'create+close', count: 1000 },
  { name: 'open-create-close', count: 1000 },
  { name: 'open+close', count: 3000 },
  { name: 'stat, known path', count: 10_000 },
  { name: 'stat, unknown path', count: 10_000 },
  { name: 'readFile 4 KiB', count: 1000 },
  { name: 'readFile 64 KiB', count: 1000 },
  { name: 'writeFile 4 KiB', count: 1000 },
  { name: 'writeFile 64 KiB', count: 500 },
  { name: 'pread 4 KiB, small file', count: 5000 },
  { name: 'pwrite 4 KiB, small file', count: 3000 },
  { name: 'pread 4 KiB, large file', count: 5000 },
  { name: 'pwrite 4 KiB, large file', count: 3000 },
  { name: 'sequential read 1 MiB', count: 64 },
  { name: 'sequential write 1 MiB', count: 64 },
  { name: 'first write 1 MiB', count: 64 },
  { name: 'mmap read 1 MiB', count: 64 },
  { name: 'append 100 bytes', count: 3000 },
  { name: 'rename', count: 1000 },
  { name: 'unlink', count: 1000 },
  { name: 'mkdir+rmdir', count: 1000 },
  { name: 'mkdir', count: 1000 },
  { name: 'mkdir -p, 5 levels', count: 200 },
  { name: 'readdir of 10,000', count: 10_000, fills: true },
  { name: 'ls -l of 10,000', count: 10_000, fills: true },
  { name: 'setxattr+getxattr', count: 1000 },
  { name: 'ftruncate', count: 3000 },
  { name: 'symlink+readlink', count: 1000 },
  { name: 'create 100,000 in one directory', count: 100_000, rounds: 1 },
];
