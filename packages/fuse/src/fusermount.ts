import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { systemError } from '@ram/errno';
import { fuseError } from './errors.ts';
import type { NativeSession, SystemCallAnswer } from './native.ts';
import type { ResolvedOptions } from './options.ts';

const usualFolders = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/run/wrappers/bin'];
const helperTimeoutMs = 10_000;

/** The path of the setuid helper, or undefined where it is not installed. libfuse 2 has its own. */
export function findFusermount(
  name: 'fusermount3' | 'fusermount' = 'fusermount3',
): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...usualFolders];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Mounts through the helper, for `session` to serve, which answers.
 * @throws `ERR_RAM_NO_FUSERMOUNT`, `ERR_RAM_MOUNT_DENIED`, `ERR_RAM_MOUNT_FAILED`
 */
export async function mountWithHelper(
  session: NativeSession,
  helper: string,
  directory: string,
  options: ResolvedOptions,
): Promise<SystemCallAnswer> {
  const socket = session.openHelperSocket(helper, directory);
  if (socket < 0) throw systemError(socket, 'socketpair');
  const args = ['-o', helperOptions(options), '--', directory];
  const running = runHelper(helper, args, socket);
  session.closeHelperSocket();
  const { status, output } = await running;
  if (status !== 0) throw helperError(output, directory);
  return session.receive();
}

/** Unmounts what the helper mounted. Returns what it said when it failed, else undefined. */
export async function unmountWithHelper(
  helper: string,
  directory: string,
  lazy: boolean,
): Promise<string | undefined> {
  const { status, output } = await runHelper(helper, [
    '-u',
    ...(lazy ? ['-z'] : []),
    '--',
    directory,
  ]);
  return status === 0 ? undefined : output || `${helper} failed`;
}

function helperOptions(options: ResolvedOptions): string {
  const words = [`fsname=${options.name.replaceAll(/[\\,]/g, String.raw`\$&`)}`, 'subtype=ram'];
  if (options.allowOther) words.push('allow_other');
  if (options.defaultPermissions) words.push('default_permissions');
  if (options.readOnly) words.push('ro');
  if (options.suid) words.push('suid');
  if (options.dev) words.push('dev');
  return words.join(',');
}

/** Runs the helper; it inherits `socket` as its _FUSE_COMMFD. */
function runHelper(
  helper: string,
  args: string[],
  socket?: number,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C', ...(socket !== undefined && { _FUSE_COMMFD: '3' }) };
    const stdio = ['ignore', 'ignore', 'pipe', ...(socket === undefined ? [] : [socket])] as const;
    const child = spawn(helper, args, { env, stdio: [...stdio], timeout: helperTimeoutMs });
    let output = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output: output.trim() }));
  });
}

function helperError(output: string, directory: string) {
  const said = output.split('\n').at(-1) || 'fusermount3 failed without a word';
  if (/user_allow_other/.test(output)) {
    const message = `${said}: write that line into /etc/fuse.conf, or mount without allowOther`;
    return fuseError('ERR_RAM_MOUNT_DENIED', message);
  }
  if (/\/dev\/fuse: Permission denied/.test(output)) {
    const message = `${said}: let users open it with \`chmod 666 /dev/fuse\` (as root)`;
    return fuseError('ERR_RAM_MOUNT_DENIED', message);
  }
  if (/not permitted|Permission denied|no write access|not allowed/i.test(output)) {
    const message =
      `${said}: mount on a directory that you own, '${directory}' is not one, or a ` +
      'container or AppArmor forbids it';
    return fuseError('ERR_RAM_MOUNT_DENIED', message);
  }
  return fuseError('ERR_RAM_MOUNT_FAILED', said);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
