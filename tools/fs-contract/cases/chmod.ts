// chmod.
import { equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import { O, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const chmodRules = rules('chmod', {
  'sets all twelve bits': (fs) => {
    fs.create('f');
    for (const mode of [0, 0o7777, 0o4755, 0o1000, 0o644]) {
      fs.chmod('f', mode);
      equal(fs.stat('f').mode, mode);
    }
  },
  'heeds no umask': (fs) => {
    fs.create('f');
    fs.umask(0o777);
    fs.chmod('f', 0o666);
    equal(fs.stat('f').mode, 0o666);
  },
  'sets the bits of a directory': (fs) => {
    fs.mkdir('d');
    fs.chmod('d', 0o3750);
    equal(fs.stat('d').mode, 0o3750);
  },
  'sets the bits of FIFOs and sockets': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.chmod('p', 0o622);
    equal(fs.stat('p').mode, 0o622);
  },
  'follows symbolic links': (fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.chmod('l', 0o600);
    equal(fs.stat('f').mode, 0o600);
    equal(fs.lstat('l').mode, 0o777);
  },
  'of a descriptor is of its file, also without a name': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.unlink('f');
    fs.fchmod(fd, 0o711);
    equal(fs.fstat(fd).mode, 0o711);
  },
  'changes ctime alone, also to what it was': (fs) => {
    fs.create('f');
    equal(
      fs.touched('f', () => fs.chmod('f', 0o600)),
      'ctime',
    );
    equal(
      fs.touched('f', () => fs.chmod('f', 0o600)),
      'ctime',
    );
  },
  'of a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').chmod('none', 0o600),
  'of a dangling symbolic link is ENOENT': (fs) => {
    fs.symlink('none', 'l');
    fs.fails('ENOENT').chmod('l', 0o600);
  },
  'below a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').chmod('f/x', 0o600);
  },
  'of a loop is ELOOP': (fs) => {
    fs.symlink('l', 'l');
    fs.fails('ELOOP').chmod('l', 0o600);
  },
  'of no descriptor is EBADF': (fs) => fs.fails('EBADF').fchmod(1000, 0o600),
  'of an O_PATH descriptor is EBADF': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.PATH);
    fs.fails('EBADF').fchmod(fd, 0o600);
  },
  'by a stranger is EPERM, even to what it is': (fs) => {
    fs.create('f', '', 0o666);
    fs.as('alice').fails('EPERM').chmod('f', 0o666);
    fs.as('alice').fails('EPERM').chmod('f', 0o600);
    equal(fs.stat('f').mode, 0o666);
  },
  'by the owner needs no permission on the file': (fs) => {
    const alice = fs.as('alice');
    alice.create('f', '', 0);
    alice.chmod('f', 0o600);
    equal(fs.stat('f').mode, 0o600);
  },
  'by root without CAP_FOWNER is EPERM': (fs) => {
    fs.as('alice').create('f');
    fs.as('root', ['FOWNER']).fails('EPERM').chmod('f', 0o600);
  },
  'without search permission on the way is EACCES': (fs) => {
    fs.mkdir('d', 0o766);
    fs.as('root').create('d/f', '', 0o666);
    fs.as('alice').fails('EACCES').chmod('d/f', 0o600);
  },
  'by an owner outside of the group takes set-gid away': asRoot((fs) => {
    const alice = fs.as('alice');
    alice.create('f');
    fs.chown('f', undefined, 2002);
    alice.chmod('f', 0o2755);
    equal(fs.stat('f').mode, 0o755);
    alice.chmod('f', 0o2644);
    equal(fs.stat('f').mode, 0o644);
  }),
  'by an owner in the group keeps set-gid, by a supplementary group too': (fs) => {
    const alice = fs.as('alice');
    alice.create('f');
    alice.chmod('f', 0o2755);
    equal(fs.stat('f').mode, 0o2755);
    alice.chown('f', undefined, team);
    alice.chmod('f', 0o2755);
    equal(fs.stat('f').mode, 0o2755);
  },
  'by an owner outside of the group of a directory takes set-gid away': asRoot((fs) => {
    const alice = fs.as('alice');
    alice.mkdir('d');
    fs.chown('d', undefined, 2002);
    alice.chmod('d', 0o2755);
    equal(fs.stat('d').mode, 0o755);
  }),
  'by a plain owner may set the sticky bit of a file': (fs) => {
    fs.as('alice').create('f');
    fs.as('alice').chmod('f', 0o1644);
    equal(fs.stat('f').mode, 0o1644);
  },
});
