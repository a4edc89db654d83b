// Mounts an object through fuse-native until its standard input ends; then unmounts and prints what
// the mount has done. Arguments: directory, source, options of mount() as JSON.
import nodeFs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { createFsFromVolume, Volume as MemfsVolume } from 'memfs';
import { mount } from '../../src/index.ts';
import type { Files, FuseNativeSource } from '../../src/index.ts';

const [directory = '', sourceName = 'volume', options = '{}'] = process.argv.slice(2);

/** Throws what no file system throws; opens fail in the system's terms. */
const broken = {
  ...nodeFs,
  readlinkSync: () => {
    throw new TypeError('on purpose');
  },
  openSync: () => {
    throw Object.assign(new Error('over quota'), { code: 'EDQUOT' });
  },
} as unknown as Files;

/** Returns what no file system returns. */
const lying = {
  ...nodeFs,
  openSync: (path: string, ...rest: [never]) =>
    path.endsWith('closed') ? 'descriptor' : nodeFs.openSync(path, ...rest),
  readSync: () => -5,
  writeSync: () => 1e12,
  readdirSync: () => [1, null],
} as unknown as Files;

const sources: Record<string, () => FuseNativeSource> = {
  volume: () => new Volume({ maxBytes: '256M' }),
  'node:fs': () => nodeFs,
  memfs: () => createFsFromVolume(new MemfsVolume()) as unknown as Files,
  broken: () => broken,
  lying: () => lying,
};

const source = sources[sourceName]?.() as FuseNativeSource;
const mounted = await mount(source, directory, { driver: 'fuse-native', ...JSON.parse(options) });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('end', resolve).resume());
const stats = mounted.stats();
await mounted.unmount({ force: true });
await mounted.closed;
if (source instanceof Volume) source.close();
process.stdout.write(`${JSON.stringify(stats)}\n`);
