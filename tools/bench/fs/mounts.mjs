// What can be measured from outside the process: directories, and how they come to be. Another
// driver, mode or transport is one more entry in `contenders`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';

/**
 * @typedef {object} Mount
 * @property {string} name
 * @property {string} directory
 * @property {() => Record<string, number>} requests By opcode, since it was mounted.
 * @property {(directory: string, count: number) => void} fill Makes empty files in a new directory,
 *   given relative to the mount, without its caches knowing them.
 * @property {() => Promise<void>} close
 */

/** @typedef {(directory: string) => Promise<Mount>} MakeMount */

/** @type {Record<string, MakeMount>} The first is the peer. */
export const contenders = {
  tmpfs: tmpfs('tmpfs'),
  passthrough: ourMount('passthrough', (volume, at) => mount(volume, at, { io: 'passthrough' })),
  cached: ourMount('cached', (volume, at) => mount(volume, at, { io: 'cached' })),
  direct: ourMount('direct', (volume, at) => mount(volume, at, { io: 'direct' })),
};

/**
 * Only when asked for: slow ones, and those that need what is not everywhere.
 * @type {Record<string, MakeMount>}
 */
export const onDemand = {
  io_uring: ourMount('io_uring', (volume, at) =>
    mount(volume, at, { io: 'cached', transport: 'io_uring' }),
  ),
  // For root alone, without the checks of permissions that cost a request each.
  'cached-alone': ourMount('cached-alone', (volume, at) =>
    mount(volume, at, { io: 'cached', allowOther: false }),
  ),
  'io_uring-alone': ourMount('io_uring-alone', (volume, at) =>
    mount(volume, at, { io: 'cached', transport: 'io_uring', allowOther: false }),
  ),
  'io_uring-passthrough-alone': ourMount('io_uring-passthrough-alone', (volume, at) =>
    mount(volume, at, { io: 'passthrough', transport: 'io_uring', allowOther: false }),
  ),
  'io_uring-direct': ourMount('io_uring-direct', (volume, at) =>
    mount(volume, at, { io: 'direct', transport: 'io_uring' }),
  ),
  'io_uring-passthrough': ourMount('io_uring-passthrough', (volume, at) =>
    mount(volume, at, { io: 'passthrough', transport: 'io_uring' }),
  ),
  'Linux-5.15': ourMount('Linux-5.15', (volume, at) =>
    mount(volume, at, { io: 'cached', kernel: '5.15' }),
  ),
  'Linux-6.1': ourMount('Linux-6.1', (volume, at) =>
    mount(volume, at, { io: 'cached', kernel: '6.1' }),
  ),
  'fuse-native': ourMount('fuse-native', (volume, at) =>
    mount(volume, at, { driver: 'fuse-native' }),
  ),
};

/** @param {string} name @returns {MakeMount} */
function tmpfs(name) {
  return async (directory) => {
    mkdirSync(directory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1G', 'ram-bench', directory]);
    return {
      name,
      directory,
      requests: () => ({}),
      fill(relative, count) {
        mkdirSync(`${directory}/${relative}`);
        for (let i = 0; i < count; i++) writeFileSync(`${directory}/${relative}/file-${i}`, '');
      },
      close: async () => {
        execFileSync('umount', [directory]);
        rmdirSync(directory);
      },
    };
  };
}

/**
 * @param {string} name
 * @param {(volume: Volume, directory: string) => Promise<import('@ram/fuse').Mounted>} make
 * @returns {MakeMount}
 */
function ourMount(name, make) {
  return async (directory) => {
    mkdirSync(directory);
    const volume = new Volume({ maxBytes: '1G' });
    const mounted = await make(volume, directory);
    return {
      name,
      directory,
      requests: () => mounted.stats().requests,
      fill(relative, count) {
        volume.fs.mkdirSync(`/${relative}`);
        for (let i = 0; i < count; i++) volume.fs.writeFileSync(`/${relative}/file-${i}`, '');
      },
      close: async () => {
        await mounted.unmount({ force: true });
        volume.close();
        rmdirSync(directory);
      },
    };
  };
}
