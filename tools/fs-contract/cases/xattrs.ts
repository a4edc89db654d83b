import { deepEqual, equal } from 'node:assert/strict';
import { O, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const xattrRules = rules('xattr', {
  'is got as it was set': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', Buffer.from([0, 1, 255]));
    deepEqual([...fs.getxattr('f', 'user.a')], [0, 1, 255]);
  },
  'may be empty': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '');
    equal(fs.getxattr('f', 'user.a').length, 0);
    deepEqual(fs.listxattr('f'), ['user.a']);
  },
  'is replaced by another value': (fs) => {
    fs.create('f');
    for (const value of ['one', 'x'.repeat(5000), 'two']) {
      fs.setxattr('f', 'user.a', value);
      equal(fs.getxattr('f', 'user.a').toString(), value);
    }
  },
  'is listed by name, each once': (fs) => {
    fs.create('f');
    for (const name of ['user.b', 'user.a', 'user.b']) fs.setxattr('f', name, '1');
    deepEqual(fs.listxattr('f').toSorted(), ['user.a', 'user.b']);
  },
  'is gone after removexattr': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1');
    fs.removexattr('f', 'user.a');
    fs.fails('ENODATA').getxattr('f', 'user.a');
    deepEqual(fs.listxattr('f'), []);
  },
  'that is not there is ENODATA': (fs) => {
    fs.create('f');
    fs.fails('ENODATA').getxattr('f', 'user.a');
    fs.fails('ENODATA').removexattr('f', 'user.a');
  },
  'XATTR_CREATE of one that is there is EEXIST': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1', { mode: 'create' });
    fs.fails('EEXIST').setxattr('f', 'user.a', '2', { mode: 'create' });
    equal(fs.getxattr('f', 'user.a').toString(), '1');
  },
  'XATTR_REPLACE of one that is not there is ENODATA': (fs) => {
    fs.create('f');
    fs.fails('ENODATA').setxattr('f', 'user.a', '1', { mode: 'replace' });
    deepEqual(fs.listxattr('f'), []);
  },
  'XATTR_REPLACE replaces': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1');
    fs.setxattr('f', 'user.a', '2', { mode: 'replace' });
    equal(fs.getxattr('f', 'user.a').toString(), '2');
  },
  'has a name of up to 255 bytes, more is ERANGE': (fs) => {
    fs.create('f');
    const name = `user.${'n'.repeat(250)}`;
    fs.setxattr('f', name, '1');
    equal(fs.getxattr('f', name).toString(), '1');
    fs.fails('ERANGE').setxattr('f', `${name}n`, '1');
    fs.fails('ERANGE').getxattr('f', `${name}n`);
  },
  'without a name after its namespace is EINVAL': (fs) => {
    fs.create('f');
    fs.fails('EINVAL').setxattr('f', 'user.', '1');
  },
  'of an unknown namespace is EOPNOTSUPP': (fs) => {
    fs.create('f');
    fs.fails('EOPNOTSUPP').setxattr('f', 'other.a', '1');
    fs.fails('EOPNOTSUPP').getxattr('f', 'other.a');
    fs.fails('EOPNOTSUPP').setxattr('f', 'name', '1');
  },
  'has a value of up to 65,536 bytes, more is E2BIG': (fs) => {
    fs.create('f');
    fs.fails('E2BIG').setxattr('f', 'user.a', 'x'.repeat(65_537));
    fs.setxattr('f', 'user.a', 'x'.repeat(60_000));
    equal(fs.getxattr('f', 'user.a').length, 60_000);
  },
  'into a buffer that is too small is ERANGE, into none is its length': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', 'value');
    fs.fails('ERANGE').getxattrInto('f', 'user.a', 4);
    equal(fs.getxattrInto('f', 'user.a', 5), 5);
    equal(fs.getxattrInto('f', 'user.a', 0), 5);
  },
  'of a descriptor is of its file': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fsetxattr(fd, 'user.a', '1');
    equal(fs.getxattr('f', 'user.a').toString(), '1');
    equal(fs.fgetxattr(fd, 'user.a').toString(), '1');
  },
  'of an O_PATH descriptor is EBADF': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.PATH);
    fs.fails('EBADF').fgetxattr(fd, 'user.a');
  },
  'of a directory': (fs) => {
    fs.mkdir('d');
    fs.setxattr('d', 'user.a', '1');
    equal(fs.getxattr('d', 'user.a').toString(), '1');
  },
  'user. of a symbolic link, a FIFO and a device is EPERM': asRoot((fs) => {
    fs.symlink('none', 'l');
    fs.mknod('p', S.IFIFO | 0o600);
    fs.fails('EPERM').setxattr('l', 'user.a', '1', { follow: false });
    fs.fails('EPERM').setxattr('p', 'user.a', '1');
    fs.fails('ENODATA').getxattr('p', 'user.a');
  }),
  'follows symbolic links unless told not to': asRoot((fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.setxattr('l', 'user.a', '1');
    fs.setxattr('l', 'trusted.b', '2', { follow: false });
    deepEqual(fs.listxattr('f'), ['user.a']);
    deepEqual(fs.listxattr('l', { follow: false }), ['trusted.b']);
    equal(fs.getxattr('l', 'trusted.b', { follow: false }).toString(), '2');
    fs.removexattr('l', 'trusted.b', { follow: false });
    deepEqual(fs.listxattr('l', { follow: false }), []);
  }),
  'trusted. is for root: others do not list it, read it or set it': asRoot((fs) => {
    fs.create('f', '', 0o666);
    fs.setxattr('f', 'trusted.t', '1');
    fs.setxattr('f', 'user.u', '1');
    const alice = fs.as('alice');
    deepEqual(alice.listxattr('f'), ['user.u']);
    alice.fails('ENODATA').getxattr('f', 'trusted.t');
    alice.fails('EPERM').setxattr('f', 'trusted.t', '2');
    alice.fails('EPERM').removexattr('f', 'trusted.t');
  }),
  'security. is set by root, read by all': asRoot((fs) => {
    fs.create('f', '', 0o666);
    fs.setxattr('f', 'security.mine', '1');
    equal(fs.as('alice').getxattr('f', 'security.mine').toString(), '1');
    fs.as('alice').fails('EPERM').setxattr('f', 'security.mine', '2');
  }),
  'user. without read permission is EACCES to get, without write to set': (fs) => {
    fs.as('root').create('f', '', 0o600);
    fs.setxattr('f', 'user.a', '1');
    const alice = fs.as('alice');
    alice.fails('EACCES').getxattr('f', 'user.a');
    alice.fails('EACCES').setxattr('f', 'user.a', '2');
    fs.chmod('f', 0o644);
    equal(alice.getxattr('f', 'user.a').toString(), '1');
    alice.fails('EACCES').removexattr('f', 'user.a');
  },
  'user. of a sticky directory is set by its owner only: EPERM': (fs) => {
    fs.as('root').mkdir('d', 0o1777);
    fs.as('alice').fails('EPERM').setxattr('d', 'user.a', '1');
    fs.setxattr('d', 'user.a', '1');
    equal(fs.getxattr('d', 'user.a').toString(), '1');
  },
  'of a name that is not there is ENOENT': (fs) => {
    fs.fails('ENOENT').getxattr('none', 'user.a');
    fs.fails('ENOENT').setxattr('none', 'user.a', '1');
    fs.fails('ENOENT').listxattr('none');
    fs.fails('ENOENT').removexattr('none', 'user.a');
  },
  'goes with the file through rename and link': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1');
    fs.link('f', 'g');
    fs.rename('f', 'h');
    equal(fs.getxattr('g', 'user.a').toString(), '1');
    equal(fs.getxattr('h', 'user.a').toString(), '1');
  },
  'is not what a new file of the old name has': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1');
    fs.unlink('f');
    fs.create('f');
    fs.fails('ENODATA').getxattr('f', 'user.a');
  },
  'a hundred of them': (fs) => {
    fs.create('f');
    for (let n = 0; n < 100; n++) fs.setxattr('f', `user.number-${n}`, `${n}`);
    equal(fs.listxattr('f').length, 100);
    for (let n = 0; n < 100; n += 2) fs.removexattr('f', `user.number-${n}`);
    equal(fs.listxattr('f').length, 50);
    equal(fs.getxattr('f', 'user.number-77').toString(), '77');
  },
});
