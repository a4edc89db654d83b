// The calls that take a path, for rules that hold for all of them.
import type { Client } from '../src/client.ts';
import { AT, O, OK, S, STATX } from '../src/constants.ts';
import type { FileCalls } from '../src/file-calls.ts';

/** `name`: another path of the case, which is there. */
export type PathCall = (fs: FileCalls, path: string, name: string) => void;

/** Of a name that is there, followed to its target where it is a symbolic link. */
export const following: Readonly<Record<string, PathCall>> = {
  open: (fs, path) => fs.open(path, O.RDONLY),
  openat2: (fs, path) => fs.openHow(path, O.RDONLY, 0),
  'open with O_PATH': (fs, path) => fs.open(path, O.PATH),
  stat: (fs, path) => fs.stat(path),
  statx: (fs, path) => fs.statxWith(path, 0, STATX.BASIC),
  statfs: (fs, path) => fs.statfs(path),
  access: (fs, path) => fs.access(path, OK.F),
  faccessat2: (fs, path) => fs.accessWith(path, OK.F, AT.EACCESS),
  chmod: (fs, path) => fs.chmod(path, 0o700),
  chown: (fs, path) => fs.chown(path, undefined, undefined),
  utimensat: (fs, path) => fs.utimes(path, 0n, 0n),
  truncate: (fs, path) => fs.truncate(path, 0),
  getxattr: (fs, path) => fs.getxattr(path, 'user.a'),
  setxattr: (fs, path) => fs.setxattr(path, 'user.a', '1'),
  listxattr: (fs, path) => fs.listxattr(path),
  removexattr: (fs, path) => fs.removexattr(path, 'user.a'),
  chdir: (fs, path) => fs.chdir(path),
  execve: (fs, path) => fs.run(path),
  connect: (fs, path) => fs.connect(path),
  'open with O_TMPFILE': (fs, path) => fs.open(path, O.TMPFILE | O.RDWR),
};

/** Of the name itself. */
export const naming: Readonly<Record<string, PathCall>> = {
  lstat: (fs, path) => fs.lstat(path),
  lchown: (fs, path) => fs.lchown(path, undefined, undefined),
  'utimensat of the link': (fs, path) => fs.lutimes(path, 0n, 0n),
  unlink: (fs, path) => fs.unlink(path),
  rmdir: (fs, path) => fs.rmdir(path),
  'rename from': (fs, path) => fs.rename(path, 'new'),
  'link from': (fs, path) => fs.link(path, 'new'),
  readlink: (fs, path) => fs.readlink(path),
  lgetxattr: (fs, path) => fs.getxattr(path, 'user.a', { follow: false }),
  lsetxattr: (fs, path) => fs.setxattr(path, 'user.a', '1', { follow: false }),
  llistxattr: (fs, path) => fs.listxattr(path, { follow: false }),
  lremovexattr: (fs, path) => fs.removexattr(path, 'user.a', { follow: false }),
};

/** Of a name that is not there yet. */
export const making: Readonly<Record<string, PathCall>> = {
  'open with O_CREAT': (fs, path) => fs.open(path, O.WRONLY | O.CREAT),
  mkdir: (fs, path) => fs.mkdir(path),
  mknod: (fs, path) => fs.mknod(path, S.IFIFO | 0o600),
  symlink: (fs, path) => fs.symlink('target', path),
  bind: (fs, path) => fs.listen(path),
  'rename to': (fs, path, name) => fs.rename(name, path),
  'link to': (fs, path, name) => fs.link(name, path),
};

export const pathCalls = { ...following, ...naming, ...making };

/** Sockets have their names in 108 bytes, and use the empty one otherwise. */
export const ofSockets: readonly string[] = ['bind', 'connect'];

type Rule = (fs: Client, call: PathCall) => void;

/** A rule for each call: `<call>` in the title is its name. */
export function forEach(
  calls: Readonly<Record<string, PathCall>>,
  title: string,
  rule: Rule,
  { without = [] }: { without?: readonly string[] } = {},
): Record<string, (fs: Client) => void> {
  const entries = Object.entries(calls).filter(([name]) => !without.includes(name));
  return Object.fromEntries(
    entries.map(([name, call]) => [title.replace('<call>', name), (fs: Client) => rule(fs, call)]),
  );
}
