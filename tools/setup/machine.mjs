// What this machine has: the only place of tools/setup that looks.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Machine
 * @property {boolean} root
 * @property {string} distribution For people: `Debian GNU/Linux 12 (bookworm)`.
 * @property {import('./needs.mjs').Family | undefined} family
 * @property {boolean} aptGet
 * @property {string | undefined} pnpmVersion Of the pnpm on PATH.
 * @property {boolean} globalWritable Whether `npm install -g` works without more rights.
 * @property {boolean} homeWritable
 * @property {(sign: import('./needs.mjs').Need['sign']) => boolean} has
 */

/** @returns {Machine} */
export function inspectMachine() {
  const release = readOsRelease();
  return {
    root: process.getuid?.() === 0,
    distribution: release.PRETTY_NAME ?? process.platform,
    family: familyOf(release),
    aptGet: findCommand('apt-get') !== undefined,
    pnpmVersion: commandOutput('pnpm', ['--version']),
    globalWritable: globalFolders().every(isWritable),
    homeWritable: isWritable(homedir()),
    has: (sign) => {
      if ('command' in sign) return findCommand(sign.command) !== undefined;
      return 'file' in sign ? existsSync(sign.file) : hasLibrary(sign.library);
    },
  };
}

/**
 * @param {Record<string, string | undefined>} release
 * @returns {import('./needs.mjs').Family | undefined}
 */
export function familyOf(release) {
  const ids = `${release.ID ?? ''} ${release.ID_LIKE ?? ''}`.split(/\s+/);
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'debian';
  if (ids.includes('fedora') || ids.includes('rhel')) return 'fedora';
  if (ids.includes('arch')) return 'arch';
  if (ids.includes('alpine')) return 'alpine';
  return undefined;
}

/**
 * The text of /etc/os-release as an object.
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function parseOsRelease(text) {
  const pairs = [...text.matchAll(/^(\w+)=(?:"([^"]*)"|(.*))$/gm)];
  return Object.fromEntries(pairs.map(([, key, quoted, bare]) => [key, quoted ?? bare]));
}

function readOsRelease() {
  const path = ['/etc/os-release', '/usr/lib/os-release'].find((file) => existsSync(file));
  return path === undefined ? {} : parseOsRelease(readFileSync(path, 'utf8'));
}

/**
 * A plain user's PATH often lacks the sbin folders, where setuid helpers may lie.
 * @param {string} name
 */
function findCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Debian has a folder for each architecture. @param {string} name */
function hasLibrary(name) {
  const folders = ['/usr/lib', '/usr/lib64', '/lib', '/lib64', '/usr/local/lib'];
  const inside = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').filter((folder) => folder.includes('-linux-'))
    : [];
  const all = [...folders, ...inside.map((folder) => join('/usr/lib', folder))];
  return all.some((folder) => existsSync(join(folder, name)));
}

/** The folders that `npm install -g` writes to. */
function globalFolders() {
  const prefix = commandOutput('npm', ['prefix', '-g']);
  return prefix === undefined ? [''] : [join(prefix, 'lib', 'node_modules'), join(prefix, 'bin')];
}

/** @param {string} path */
function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {string | undefined} undefined when it is missing or fails.
 */
function commandOutput(command, args) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
