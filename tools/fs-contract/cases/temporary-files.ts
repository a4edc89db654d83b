// O_TMPFILE.
import { deepEqual, equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import { O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const temporaryFileRules = rules('O_TMPFILE', {
  'makes a file without a name': (fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR, 0o640);
    const { type, nlink, mode } = fs.fstat(fd);
    deepEqual([type, nlink, mode], ['file', 0, 0o640]);
    deepEqual(fs.list(), []);
    fs.write(fd, 'content');
    equal(fs.pread(fd, 9, 0).toString(), 'content');
  },
  'can be given a name by linkat of /proc/self/fd': (fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR, 0o600);
    fs.write(fd, 'content');
    fs.linkWith(`/proc/self/fd/${fd}`, 'f', 0x400);
    equal(fs.content('f'), 'content');
    equal(fs.fstat(fd).nlink, 1);
  },
  'with O_EXCL can be given no name: ENOENT': (fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR | O.EXCL, 0o600);
    fs.fails('ENOENT').linkWith(`/proc/self/fd/${fd}`, 'f', 0x400);
  },
  'can be given no name once its last one is gone: ENOENT': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDWR);
    fs.unlink('f');
    fs.fails('ENOENT').linkWith(`/proc/self/fd/${fd}`, 'g', 0x400);
  },
  'for reading only is EINVAL': (fs) => {
    fs.fails('EINVAL').open('.', O.TMPFILE | O.RDONLY, 0o600);
  },
  'of a file is ENOTDIR, of nothing ENOENT': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').open('f', O.TMPFILE | O.RDWR, 0o600);
    fs.fails('ENOENT').open('none', O.TMPFILE | O.RDWR, 0o600);
  },
  'without write permission on the directory is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('alice')
      .fails('EACCES')
      .open('d', O.TMPFILE | O.RDWR, 0o600);
  },
  'does not touch the directory': (fs) => {
    fs.mkdir('d');
    equal(
      fs.touched('d', () => fs.open('d', O.TMPFILE | O.RDWR, 0o600)),
      '',
    );
  },
  'takes the group of a set-gid directory, and the umask': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    const alice = fs.as('alice');
    alice.umask(0o022);
    const { uid, gid, mode } = alice.fstat(alice.open('d', O.TMPFILE | O.RDWR, 0o666));
    deepEqual([uid, gid, mode], [2001, team, 0o644]);
  }),
  'its space comes back when it is closed': (fs) => {
    const before = fs.statfs('.').filesFree;
    const fd = fs.open('.', O.TMPFILE | O.RDWR, 0o600);
    equal(fs.statfs('.').filesFree <= before, true);
    fs.fails('ENOTDIR').openAt(fd, 'x', O.RDONLY);
    fs.close(fd);
  },
});
