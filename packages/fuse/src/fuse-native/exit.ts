// Takes mounts away when the process ends by itself, by process.exit() or an uncaught exception.
// No signal handler is installed.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { findFusermount } from '../fusermount.ts';
import { parseMountTable } from '../mount-table.ts';
import type { MountIdentity } from '../mount-table.ts';

const helperTimeoutMs = 3000;
const mounts = new Set<MountIdentity>();
let isListening = false;

/** Returns what to call when the mount is over before the process is. */
export function unmountAtExit(mount: MountIdentity): () => void {
  mounts.add(mount);
  if (!isListening) {
    isListening = true;
    process.once('exit', takeAllAway);
  }
  return () => mounts.delete(mount);
}

/** Nothing here may ask the mounts something: nobody answers any more. */
function takeAllAway(): void {
  for (const mount of mounts) {
    if (!isTopmost(mount)) continue;
    abort(mount);
    const [command, ...args] = unmountCommand();
    if (command === undefined) continue;
    spawnSync(command, [...args, mount.directory], {
      stdio: 'ignore',
      timeout: helperTimeoutMs,
      killSignal: 'SIGKILL',
    });
  }
}

/** Else the unmount could wait for pages that nobody takes. Needs the kernel's control files. */
function abort({ device }: MountIdentity): void {
  try {
    writeFileSync(`/sys/fs/fuse/connections/${device}/abort`, '1', { flag: 'r+' });
  } catch {
    // Not mounted: root's `umount -f` aborts too.
  }
}

function unmountCommand(): string[] {
  if (process.geteuid?.() === 0) return ['umount', '-f', '-l'];
  const helper = findFusermount() ?? findFusermount('fusermount');
  return helper === undefined ? [] : [helper, '-u', '-z', '--'];
}

function isTopmost({ directory, major, device }: MountIdentity): boolean {
  const table = parseMountTable(readFileSync('/proc/self/mountinfo', 'latin1'));
  const last = table.findLast((entry) => entry.directory === directory);
  return last?.major === major && last.device === device;
}
