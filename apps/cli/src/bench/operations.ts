import {
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** What is measured. Both functions work in an empty directory of their own. */
export interface Operation {
  name: string;
  /** How many make a round. */
  count: number;
  prepare?(directory: string, count: number): void;
  /** Only this is timed. */
  run(directory: string, count: number): void;
}

const namesListed = 1000;
const fileBytes = 16 * 1024 * 1024;
const smallBytes = 4096;
const largeBytes = 1024 * 1024;
const small = Buffer.alloc(smallBytes, 'ram');
const large = Buffer.alloc(largeBytes, 'ram');

export const operations: readonly Operation[] = [
  { name: 'create + close', count: 500, run: createFiles },
  {
    name: 'open + close',
    count: 1000,
    prepare: (directory) => writeFileSync(`${directory}/file`, ''),
    run(directory, count) {
      for (let i = 0; i < count; i++) closeSync(openSync(`${directory}/file`, 'r'));
    },
  },
  {
    name: 'stat',
    count: 2000,
    prepare: (directory) => writeFileSync(`${directory}/file`, ''),
    run(directory, count) {
      for (let i = 0; i < count; i++) statSync(`${directory}/file`);
    },
  },
  {
    name: 'write a file of 4 KiB',
    count: 500,
    run(directory, count) {
      for (let i = 0; i < count; i++) writeFileSync(`${directory}/${i}`, small);
    },
  },
  {
    name: 'rename',
    count: 500,
    prepare: createFiles,
    run(directory, count) {
      for (let i = 0; i < count; i++) renameSync(`${directory}/${i}`, `${directory}/new-${i}`);
    },
  },
  {
    name: 'unlink',
    count: 500,
    prepare: createFiles,
    run(directory, count) {
      for (let i = 0; i < count; i++) unlinkSync(`${directory}/${i}`);
    },
  },
  {
    name: 'mkdir',
    count: 500,
    run(directory, count) {
      for (let i = 0; i < count; i++) mkdirSync(`${directory}/${i}`);
    },
  },
  {
    name: `list ${namesListed} names`,
    count: 10,
    prepare: (directory) => createFiles(directory, namesListed),
    run(directory, count) {
      for (let i = 0; i < count; i++) readdirSync(directory);
    },
  },
  {
    name: 'read 4 KiB at random',
    count: 2000,
    prepare: makeLargeFile,
    run: (directory, count) =>
      withFile(directory, 'r', (fd) => {
        for (let i = 0; i < count; i++) readSync(fd, small, 0, smallBytes, somewhere(i));
      }),
  },
  {
    name: 'write 4 KiB at random',
    count: 2000,
    prepare: makeLargeFile,
    run: (directory, count) =>
      withFile(directory, 'r+', (fd) => {
        for (let i = 0; i < count; i++) writeSync(fd, small, 0, smallBytes, somewhere(i));
      }),
  },
  {
    name: 'read 1 MiB in sequence',
    count: fileBytes / largeBytes,
    prepare: makeLargeFile,
    run: (directory, count) =>
      withFile(directory, 'r', (fd) => {
        for (let i = 0; i < count; i++) readSync(fd, large, 0, largeBytes, i * largeBytes);
      }),
  },
  {
    name: 'write 1 MiB in sequence',
    count: fileBytes / largeBytes,
    run: (directory, count) =>
      withFile(directory, 'w', (fd) => {
        for (let i = 0; i < count; i++) writeSync(fd, large, 0, largeBytes, i * largeBytes);
      }),
  },
];

function createFiles(directory: string, count: number): void {
  for (let i = 0; i < count; i++) closeSync(openSync(`${directory}/${i}`, 'wx'));
}

function makeLargeFile(directory: string): void {
  withFile(directory, 'w', (fd) => {
    for (let at = 0; at < fileBytes; at += largeBytes) writeSync(fd, large, 0, largeBytes, at);
  });
}

function withFile(directory: string, flags: string, work: (fd: number) => void): void {
  const fd = openSync(`${directory}/file`, flags);
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}

/** Page-aligned places all over the file, the same for every contender. */
function somewhere(index: number): number {
  const pages = fileBytes / smallBytes;
  return ((index * 2_654_435_761) % pages) * smallBytes;
}
