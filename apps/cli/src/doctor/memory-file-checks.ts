import { formatBytes } from '@ram/daemon';
import { missing, ok, warning } from './check.ts';
import type { Check } from './check.ts';
import type { Machine, MemoryFilesPlace } from './machine.ts';

const elsewhere = 'ram file put --directory /run/user/UID, or a ram disk';

/** Where the contents of `ram file` lie, and what makes them vanish or not fit there. */
export function memoryFileChecks({ memoryFiles }: Machine): Check[] {
  const [id, title] = ['shm', 'Files in /dev/shm'];
  if (memoryFiles instanceof Error) {
    return [missing(id, title, `no place for ram file: ${why(memoryFiles)}`, elsewhere)];
  }
  return [checkSize(id, title, memoryFiles), checkLogout(memoryFiles)];
}

function checkSize(
  id: string,
  title: string,
  { totalBytes, freeBytes, traps }: MemoryFilesPlace,
): Check {
  const found = `${formatBytes(totalBytes)}, ${formatBytes(freeBytes)} free`;
  const codes = new Set(traps.map(({ code }) => code));
  if (codes.has('nearly-full')) {
    const hint = `See what can be freed: ram file gc --dry-run; or ${elsewhere}`;
    return warning(id, title, `nearly full: ${found}`, hint);
  }
  if (codes.has('small')) {
    const hint = `In a container: docker run --shm-size 1g; or ${elsewhere}`;
    return warning(id, title, `small: ${found}`, hint);
  }
  return ok(id, title, found);
}

function checkLogout({ traps }: MemoryFilesPlace): Check {
  const [id, title] = ['shm-logout', '/dev/shm at logout'];
  if (traps.every(({ code }) => code !== 'emptied-at-logout')) return ok(id, title, 'files stay');
  const hint = 'RemoveIPC=no in /etc/systemd/logind.conf, or loginctl enable-linger';
  return warning(id, title, 'systemd-logind removes your files there', hint);
}

function why({ message }: Error): string {
  return message.replaceAll(/\s+/g, ' ');
}
