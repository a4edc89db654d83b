import { spawn } from 'node:child_process';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemError } from '@ram/errno';
import { directoryArgument } from './arguments.ts';
import { findMount, isFuse } from './mount-table.ts';
import type { MountEntry } from './mount-table.ts';

/**
 * What is at a directory: `'free'`: no mount point; `'mounted'`: a FUSE mount that answers;
 * `'dead'`: the left-over of a server that is gone; `'unresponsive'`: its server does not answer;
 * `'other'`: a mount that is not FUSE.
 */
export type MountState = 'free' | 'mounted' | 'dead' | 'unresponsive' | 'other';

const answerTimeoutMs = 2000;
const linksMax = 40;
const eloop = 40;

/**
 * Tells what is at `directory`. Never waits longer than two seconds for a server.
 * @throws ENOENT, ENOTDIR, EACCES, ELOOP as `realpath`, `ERR_INVALID_ARG_TYPE`,
 * `ERR_INVALID_ARG_VALUE`
 */
export async function mountState(directory: string | URL): Promise<MountState> {
  return stateOfResolved(await resolveDirectory(directoryArgument(directory)));
}

/** As mountState(), for a path that resolveDirectory() gave. */
export async function stateOfResolved(directory: string): Promise<MountState> {
  const entry = await findMount(directory);
  if (!entry) return 'free';
  return isFuse(entry) ? askServer(entry) : 'other';
}

/**
 * The absolute path without symlinks, as /proc/self/mountinfo has it. Does not touch the directory
 * when a mount is there, since that could fail or hang.
 * @throws ENOENT, ENOTDIR, EACCES, ELOOP as `realpath`
 */
export async function resolveDirectory(directory: string): Promise<string> {
  let path = resolve(directory);
  for (let links = 0; links < linksMax; links++) {
    path = path === '/' ? path : join(await realpath(dirname(path)), basename(path));
    if (await findMount(path)) return path;
    const stats = await lstat(path);
    if (!stats.isSymbolicLink()) return path;
    path = resolve(dirname(path), await readlink(path));
  }
  throw systemError(eloop, 'realpath', directory);
}

/**
 * Asks in a process of its own: a call into a mount whose server is frozen may never return, and
 * nothing can end it. As the user to whom the mount belongs where others are kept out of it: they
 * get an answer from the kernel, whatever has become of the server.
 */
function askServer({ directory, owner }: MountEntry): Promise<MountState> {
  return new Promise((settle) => {
    const child = spawn('stat', ['-f', '--', directory], {
      ...(process.geteuid?.() === 0 && owner),
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.unref();
      child.stderr.destroy();
      settle('unresponsive');
    }, answerTimeoutMs);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', () => settle('mounted'));
    child.once('close', () => {
      clearTimeout(timer);
      // glibc's and musl's words for ENOTCONN; ECONNABORTED after an abort; ECANCELED while the
      // kernel takes the rings of a killed server down.
      const dead = /not connected|connection abort|canceled/i.test(output);
      settle(dead ? 'dead' : 'mounted');
    });
  });
}
