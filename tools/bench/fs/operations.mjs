// What is measured in the process: calls of a `node:fs` shape. Imported once for each contender
// (with a query), so that no contender runs code that was compiled for another one's objects.

/** @typedef {typeof import('node:fs')} Fs */

/**
 * One measurement: `run` alone is timed.
 * @typedef {object} Job
 * @property {() => void} [prepare]
 * @property {() => void} run
 * @property {() => void} [clean]
 */

/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {number} count How often in a round.
 * @property {number} [rounds] Fewer than usual, for what takes long.
 * @property {number} [goal] Against memfs: how many times as fast.
 * @property {(fs: Fs, directory: string, count: number) => Job} make
 */

const large = 64 * 2 ** 20;
const mebibyte = 2 ** 20;

/**
 * Imported under a name of its own for each contender, so that none pays for another's types.
 * @public
 * @type {readonly Operation[]}
 */
export const operations = [
  { name: 'create+close', count: 4000, goal: 5, make: (fs, at, n) => creating(fs, at, n, 'wx') },
  {
    name: 'open-create-close',
    count: 4000,
    goal: 5,
    make: (fs, at, n) => creating(fs, at, n, 'w'),
  },
  { name: 'open+close', count: 8000, make: opening },
  { name: 'stat, known path', count: 20_000, goal: 4, make: (fs, at, n) => stating(fs, at, n, '') },
  { name: 'stat, unknown path', count: 20_000, make: (fs, at, n) => stating(fs, at, n, '-not') },
  { name: 'readFile 4 KiB', count: 8000, make: (fs, at, n) => readingFiles(fs, at, n, 4096) },
  { name: 'readFile 64 KiB', count: 1000, make: (fs, at, n) => readingFiles(fs, at, n, 65_536) },
  { name: 'writeFile 4 KiB', count: 2000, make: (fs, at, n) => writingFiles(fs, at, n, 4096) },
  { name: 'writeFile 64 KiB', count: 400, make: (fs, at, n) => writingFiles(fs, at, n, 65_536) },
  { name: 'writeFile 128 KiB', count: 200, make: (fs, at, n) => writingFiles(fs, at, n, 131_072) },
  ...positioned('small file', { size: 16_384 }),
  ...positioned('large file, in order', { size: large, inOrder: true }),
  // Anywhere in memory: mostly what a cache miss costs, and that is the same for all.
  ...positioned('large file, at random', { size: large }),
  ...[false, true].map((write) => ({
    name: `sequential ${write ? 'write' : 'read'} 1 MiB`,
    count: 64,
    make: (/** @type {Fs} */ fs, /** @type {string} */ at, /** @type {number} */ n) =>
      transferring(fs, at, n, { size: large, piece: mebibyte, write, inOrder: true }),
  })),
  { name: 'append 100 bytes', count: 10_000, make: appending },
  { name: 'rename', count: 4000, make: renaming },
  { name: 'unlink', count: 4000, make: unlinking },
  { name: 'mkdir+rmdir', count: 4000, make: makingDirectories },
  { name: 'mkdir -p, 5 levels', count: 500, make: makingPaths },
  { name: 'readdir of 10,000', count: 10_000, rounds: 5, make: listing },
  { name: 'ls -l of 10,000', count: 10_000, rounds: 5, make: listingLong },
  { name: 'ftruncate', count: 10_000, make: truncating },
  { name: 'symlink+readlink', count: 4000, make: linking },
  {
    name: 'create 100,000 in one directory',
    count: 100_000,
    rounds: 3,
    make: (fs, at, n) => creating(fs, at, n, 'wx'),
  },
];

/**
 * Reading and writing pieces of 4 KiB.
 * @param {string} where @param {{ size: number, inOrder?: boolean }} file @returns {Operation[]}
 */
function positioned(where, file) {
  return [false, true].map((write) => ({
    name: `${write ? 'pwrite' : 'pread'} 4 KiB, ${where}`,
    count: 40_000,
    goal: 2,
    make: (fs, at, n) => transferring(fs, at, n, { ...file, piece: 4096, write }),
  }));
}

/** @param {string} directory @param {number} count @param {string} [prefix] */
function paths(directory, count, prefix = 'file-') {
  return Array.from({ length: count }, (_, i) => `${directory}/${prefix}${i}`);
}

/** @param {Fs} fs @param {string} directory @param {number} count @param {string} flags */
function creating(fs, directory, count, flags) {
  const names = paths(directory, count);
  return {
    run() {
      for (const name of names) fs.closeSync(fs.openSync(name, flags));
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function opening(fs, directory, count) {
  const names = makeFiles(fs, directory, Math.min(count, 1000));
  return {
    run() {
      for (let i = 0; i < count; i++) {
        fs.closeSync(fs.openSync(names[i % names.length] ?? '', 'r'));
      }
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count @param {string} suffix */
function stating(fs, directory, count, suffix) {
  const names = makeFiles(fs, directory, Math.min(count, 1000)).map((name) => name + suffix);
  const options = { throwIfNoEntry: false };
  let found = 0;
  return {
    run() {
      for (let i = 0; i < count; i++) {
        if (fs.statSync(names[i % names.length] ?? '', options) !== undefined) found++;
      }
      if (found > 0 !== (suffix === '')) throw new Error(`stat found ${found}`);
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count @param {number} size */
function readingFiles(fs, directory, count, size) {
  const names = makeFiles(fs, directory, Math.min(count, 200), Buffer.alloc(size, 1));
  return {
    run() {
      for (let i = 0; i < count; i++) fs.readFileSync(names[i % names.length] ?? '');
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count @param {number} size */
function writingFiles(fs, directory, count, size) {
  const names = paths(directory, count);
  const bytes = Buffer.alloc(size, 1);
  return {
    run() {
      for (const name of names) fs.writeFileSync(name, bytes);
    },
  };
}

/**
 * @param {Fs} fs @param {string} directory @param {number} count
 * @param {{ size: number, piece: number, write: boolean, inOrder?: boolean }} what
 */
function transferring(fs, directory, count, { size, piece, write, inOrder = false }) {
  const name = `${directory}/file`;
  const bytes = Buffer.alloc(piece, 2);
  const places = size / piece;
  const positions = Array.from(
    { length: count },
    (_, i) => (inOrder ? i % places : ((i * 2_654_435_761) >>> 7) % places) * piece,
  );
  let fd = -1;
  return {
    prepare() {
      fd = fs.openSync(name, 'w+');
      const whole = Buffer.alloc(Math.min(size, 4 * mebibyte), 1);
      for (let at = 0; at < size; at += whole.length) fs.writeSync(fd, whole, 0, whole.length, at);
    },
    run() {
      if (write) for (const at of positions) fs.writeSync(fd, bytes, 0, piece, at);
      else for (const at of positions) fs.readSync(fd, bytes, 0, piece, at);
    },
    clean: () => fs.closeSync(fd),
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function appending(fs, directory, count) {
  const bytes = Buffer.alloc(100, 1);
  let fd = -1;
  return {
    prepare() {
      fd = fs.openSync(`${directory}/log`, 'a');
    },
    run() {
      for (let i = 0; i < count; i++) fs.writeSync(fd, bytes);
    },
    clean: () => fs.closeSync(fd),
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function renaming(fs, directory, count) {
  const names = makeFiles(fs, directory, count);
  const others = paths(directory, count, 'other-');
  return {
    run() {
      for (let i = 0; i < count; i++) fs.renameSync(names[i] ?? '', others[i] ?? '');
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function unlinking(fs, directory, count) {
  const names = makeFiles(fs, directory, count);
  return {
    run() {
      for (const name of names) fs.unlinkSync(name);
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function makingDirectories(fs, directory, count) {
  const names = paths(directory, count);
  return {
    run() {
      for (const name of names) fs.mkdirSync(name);
      for (const name of names) fs.rmdirSync(name);
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function makingPaths(fs, directory, count) {
  const names = paths(directory, count).map((name) => `${name}/b/c/d/e`);
  return {
    run() {
      for (const name of names) fs.mkdirSync(name, { recursive: true });
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function listing(fs, directory, count) {
  makeFiles(fs, directory, count);
  return {
    run() {
      if (fs.readdirSync(directory).length !== count) throw new Error('names are missing');
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function listingLong(fs, directory, count) {
  makeFiles(fs, directory, count);
  return {
    run() {
      for (const name of fs.readdirSync(directory)) fs.lstatSync(`${directory}/${name}`);
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function truncating(fs, directory, count) {
  let fd = -1;
  return {
    prepare() {
      fd = fs.openSync(`${directory}/file`, 'w');
    },
    run() {
      for (let i = 0; i < count; i++) fs.ftruncateSync(fd, (i % 4) * 4096);
    },
    clean: () => fs.closeSync(fd),
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count */
function linking(fs, directory, count) {
  const names = paths(directory, count);
  return {
    run() {
      for (const name of names) fs.symlinkSync('../target/of/the/link', name);
      for (const name of names) fs.readlinkSync(name);
    },
  };
}

/** @param {Fs} fs @param {string} directory @param {number} count @param {Buffer} [content] */
function makeFiles(fs, directory, count, content) {
  const names = paths(directory, count);
  for (const name of names) {
    if (content === undefined) fs.closeSync(fs.openSync(name, 'w'));
    else fs.writeFileSync(name, content);
  }
  return names;
}
