// A mount that is read-only: EROFS.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { AT, O, OK, RENAME, S, ST } from '../src/constants.ts';
import type { FileCalls } from '../src/file-calls.ts';
import { asRoot, rules } from '../src/rules.ts';

type Change = (fs: FileCalls, at: (name: string) => string) => void;

const changes: Readonly<Record<string, Change>> = {
  'open with O_CREAT': (fs, at) => fs.open(at('new'), O.WRONLY | O.CREAT),
  'open for writing': (fs, at) => fs.open(at('f'), O.WRONLY),
  'open with O_TRUNC': (fs, at) => fs.open(at('f'), O.RDONLY | O.TRUNC),
  'open with O_TMPFILE': (fs, at) => fs.open(at('.'), O.TMPFILE | O.RDWR),
  mkdir: (fs, at) => fs.mkdir(at('new')),
  rmdir: (fs, at) => fs.rmdir(at('d')),
  unlink: (fs, at) => fs.unlink(at('f')),
  rename: (fs, at) => fs.rename(at('f'), at('g')),
  'renameat2 EXCHANGE': (fs, at) => fs.rename(at('f'), at('d'), RENAME.EXCHANGE),
  link: (fs, at) => fs.link(at('f'), at('g')),
  symlink: (fs, at) => fs.symlink('x', at('l')),
  mknod: (fs, at) => fs.mknod(at('p'), S.IFIFO | 0o644),
  bind: (fs, at) => fs.listen(at('s')),
  chmod: (fs, at) => fs.chmod(at('f'), 0o600),
  fchmodat2: (fs, at) => fs.chmodWith(at('f'), 0o600, AT.SYMLINK_NOFOLLOW),
  chown: (fs, at) => fs.chown(at('f'), 0, 0),
  lchown: (fs, at) => fs.lchown(at('f'), 0, 0),
  utimensat: (fs, at) => fs.utimes(at('f'), 0n, 0n),
  'utimensat to the present': (fs, at) => fs.utimes(at('f'), 'now', 'now'),
  truncate: (fs, at) => fs.truncate(at('f'), 0),
  setxattr: (fs, at) => fs.setxattr(at('f'), 'user.a', '1'),
  removexattr: (fs, at) => fs.removexattr(at('f'), 'user.a'),
  'access W_OK': (fs, at) => fs.access(at('f'), OK.W),
};

/** On descriptors that were opened there. */
const byDescriptor: Readonly<Record<string, (fs: FileCalls, fd: number) => void>> = {
  fchmod: (fs, fd) => fs.fchmod(fd, 0o600),
  fchown: (fs, fd) => fs.fchown(fd, 0, 0),
  futimens: (fs, fd) => fs.futimes(fd, 0n, 0n),
  fsetxattr: (fs, fd) => fs.fsetxattr(fd, 'user.a', '1'),
  fremovexattr: (fs, fd) => fs.fremovexattr(fd, 'user.a'),
};

function prepare(fs: Client): (name: string) => string {
  fs.create('f', 'content');
  fs.mkdir('d');
  const { readOnly } = fs;
  return (name) => `${readOnly}/${name}`;
}

const eachChange = Object.entries(changes).map(([name, change]) => [
  `${name} is EROFS`,
  (fs: Client) => {
    const at = prepare(fs);
    change(fs.fails('EROFS'), at);
    deepEqual([fs.list(), fs.content('f')], [['d', 'f'], 'content']);
  },
]);

const eachDescriptor = Object.entries(byDescriptor).map(([name, change]) => [
  `${name} is EROFS`,
  (fs: Client) => {
    const at = prepare(fs);
    change(fs.fails('EROFS'), fs.open(at('f'), O.RDONLY));
  },
]);

export const readOnlyRules = rules('read-only', {
  ...Object.fromEntries([...eachChange, ...eachDescriptor]),
  'a call for a name that is not there is ENOENT rather than EROFS': (fs) => {
    const at = prepare(fs);
    fs.fails('ENOENT').truncate(at('none'), 0);
    fs.fails('ENOENT').chmod(at('none'), 0o600);
    fs.fails('ENOENT').open(at('none'), O.WRONLY);
  },
  'reading works as ever': (fs) => {
    const at = prepare(fs);
    equal(fs.content(at('f')), 'content');
    equal(fs.stat(at('f')).size, 7);
    fs.access(at('f'), OK.R);
    deepEqual(fs.list(fs.readOnly), ['d', 'f']);
  },
  'shows at once what is changed elsewhere': (fs) => {
    const at = prepare(fs);
    equal(fs.content(at('f')), 'content');
    fs.pwrite(fs.open('f', O.WRONLY), 'CON', 0);
    fs.create('new');
    fs.rmdir('d');
    equal(fs.content(at('f')), 'CONtent');
    deepEqual(fs.list(fs.readOnly), ['f', 'new']);
  },
  'a name that is there is EEXIST rather than EROFS': (fs) => {
    const at = prepare(fs);
    fs.fails('EEXIST').mkdir(at('d'));
    fs.fails('EEXIST').open(at('d'), O.WRONLY | O.CREAT | O.EXCL);
    fs.fails('EEXIST').symlink('x', at('f'));
    fs.fails('EEXIST').mknod(at('f'), 0o600);
  },
  'O_CREAT of a file that is there is allowed for reading': (fs) => {
    const at = prepare(fs);
    const fd = fs.open(at('f'), O.RDONLY | O.CREAT);
    equal(fs.read(fd, 9).toString(), 'content');
  },
  'reading changes no times': (fs) => {
    const at = prepare(fs);
    fs.utimes('f', 5n, 7n);
    equal(
      fs.touched('f', () => fs.content(at('f'))),
      '',
    );
    equal(fs.stat(at('f')).mtime, 7n);
  },
  'a FIFO can be written all the same': asRoot((fs) => {
    const at = prepare(fs);
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open(at('p'), O.RDWR);
    fs.write(fd, 'through');
    equal(fs.read(fd, 9).toString(), 'through');
  }),
  'a device can be written all the same': asRoot((fs) => {
    const at = prepare(fs);
    fs.mknod('null', S.IFCHR | 0o600, 0x103);
    equal(fs.write(fs.open(at('null'), O.WRONLY), 'x'), 1);
  }),
  'a socket can be connected all the same': (fs) => {
    const at = prepare(fs);
    fs.listen('s');
    fs.connect(at('s'));
  },
  'programs run': (fs) => {
    const at = prepare(fs);
    fs.create('run', '#!/bin/true', 0o755);
    equal(fs.run(at('run')), 0);
  },
  'is what statfs tells': (fs) => {
    prepare(fs);
    equal((fs.statfs(fs.readOnly).flags ?? 0) & ST.RDONLY, ST.RDONLY);
    equal((fs.statfs('.').flags ?? 0) & ST.RDONLY, 0);
  },
  'to link or rename from there to here is EXDEV': (fs) => {
    const at = prepare(fs);
    fs.fails('EXDEV').link(at('f'), 'g');
    fs.fails('EXDEV').rename(at('f'), 'g');
  },
});
