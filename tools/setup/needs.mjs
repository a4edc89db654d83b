// The one table of what ram needs from the system, and why.

/** @typedef {'start' | 'test' | 'full'} Purpose Each needs all that those before it need. */

/**
 * @typedef {object} Need
 * @property {Purpose} purpose
 * @property {string} why
 * @property {{ command: string } | { file: string } | { library: string }} sign How to see that it
 *   is there.
 * @property {Record<Family, string>} packages Its package in each family of distributions.
 */

/** @typedef {'debian' | 'fedora' | 'arch' | 'alpine'} Family */

/** @type {readonly Need[]} */
export const needs = [
  {
    purpose: 'start',
    why: 'mounting as a plain user, and recovering a mount that was left over',
    sign: { command: 'fusermount3' },
    packages: { debian: 'fuse3', fedora: 'fuse3', arch: 'fuse3', alpine: 'fuse3' },
  },
  {
    purpose: 'start',
    why: 'compiling the native parts',
    sign: { command: 'g++' },
    packages: { debian: 'g++', fedora: 'gcc-c++', arch: 'gcc', alpine: 'g++' },
  },
  {
    purpose: 'start',
    why: 'compiling the native parts',
    sign: { command: 'make' },
    packages: { debian: 'make', fedora: 'make', arch: 'make', alpine: 'make' },
  },
  {
    purpose: 'start',
    why: 'node-gyp, which compiles the native parts',
    sign: { command: 'python3' },
    packages: { debian: 'python3', fedora: 'python3', arch: 'python', alpine: 'python3' },
  },
  {
    purpose: 'test',
    why: "the native core's own tests",
    sign: { file: '/usr/include/doctest/doctest.h' },
    packages: {
      debian: 'doctest-dev',
      fedora: 'doctest-devel',
      arch: 'doctest',
      alpine: 'doctest-dev',
    },
  },
  {
    purpose: 'test',
    why: 'counting the system calls of a server',
    sign: { command: 'strace' },
    packages: { debian: 'strace', fedora: 'strace', arch: 'strace', alpine: 'strace' },
  },
  {
    purpose: 'test',
    why: 'tests of the driver fuse-native',
    sign: { library: 'libfuse.so.2' },
    packages: { debian: 'libfuse2', fedora: 'fuse-libs', arch: 'fuse2', alpine: 'fuse' },
  },
  {
    purpose: 'test',
    why: 'tests of file capabilities on a mount',
    sign: { command: 'setcap' },
    packages: { debian: 'libcap2-bin', fedora: 'libcap', arch: 'libcap', alpine: 'libcap' },
  },
  {
    purpose: 'test',
    why: 'tests as another user and in namespaces',
    sign: { command: 'setpriv' },
    packages: {
      debian: 'util-linux',
      fedora: 'util-linux',
      arch: 'util-linux',
      alpine: 'util-linux',
    },
  },
  {
    purpose: 'test',
    why: 'tests with a database in a mount',
    sign: { command: 'sqlite3' },
    packages: { debian: 'sqlite3', fedora: 'sqlite', arch: 'sqlite', alpine: 'sqlite' },
  },
  {
    purpose: 'test',
    why: 'tests with a repository in a mount',
    sign: { command: 'git' },
    packages: { debian: 'git', fedora: 'git', arch: 'git', alpine: 'git' },
  },
  {
    purpose: 'test',
    why: 'tests with pictures and films',
    sign: { command: 'ffmpeg' },
    packages: { debian: 'ffmpeg', fedora: 'ffmpeg-free', arch: 'ffmpeg', alpine: 'ffmpeg' },
  },
  {
    purpose: 'test',
    why: 'tests of the page in a browser',
    sign: { command: 'chromium' },
    packages: {
      debian: 'chromium',
      fedora: 'chromium',
      arch: 'chromium',
      alpine: 'chromium',
    },
  },
  ...['fio', 'stress-ng', 'dbench'].map((name) => ({
    purpose: /** @type {const} */ ('full'),
    why: 'stress programs on a mount',
    sign: { command: name },
    packages: { debian: name, fedora: name, arch: name, alpine: name },
  })),
];

/** The purposes, each with all that those before it need. @type {readonly Purpose[]} */
export const purposes = ['start', 'test', 'full'];

/** How each family installs packages. */
export const installCommands = {
  debian: 'apt-get install -y',
  fedora: 'dnf install -y',
  arch: 'pacman -S --needed',
  alpine: 'apk add',
};

/** pnpm as package.json pins it; the newest that runs on Node 20. */
export const pnpmVersion = '12.21.0';

/** The oldest Node on which packages can be loaded by import and by require. */
export const nodeVersionMin = '20.19.0';
