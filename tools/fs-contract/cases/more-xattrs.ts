// Extended attributes: sizes of lists, descriptors, namespaces, kinds of files.
import { deepEqual, equal } from 'node:assert/strict';
import { O, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const moreXattrRules = rules('xattr', {
  'listxattr into a buffer that is too small is ERANGE, into none is its length': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1');
    fs.setxattr('f', 'user.bc', '2');
    equal(fs.listxattrInto('f', 0), 15);
    equal(fs.listxattrInto('f', 15), 15);
    fs.fails('ERANGE').listxattrInto('f', 14);
  },
  'listxattr of a file without any is empty': (fs) => {
    fs.create('f');
    equal(fs.listxattrInto('f', 0), 0);
    deepEqual(fs.listxattr('f'), []);
    fs.setxattr('f', 'user.a', '1');
    equal(fs.listxattrInto('f', 0), 7);
  },
  'of a descriptor are listed and removed': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDWR);
    fs.fsetxattr(fd, 'user.a', '1');
    deepEqual(fs.flistxattr(fd), ['user.a']);
    fs.fremovexattr(fd, 'user.a');
    deepEqual(fs.flistxattr(fd), []);
    fs.fails('ENODATA').fremovexattr(fd, 'user.a');
  },
  'of a file without a name': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDWR);
    fs.unlink('f');
    fs.fsetxattr(fd, 'user.a', '1');
    equal(fs.fgetxattr(fd, 'user.a').toString(), '1');
  },
  'of an O_TMPFILE go with it when it is given a name': (fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR);
    fs.fsetxattr(fd, 'user.a', '1');
    fs.linkWith(`/proc/self/fd/${fd}`, 'f', 0x400);
    equal(fs.getxattr('f', 'user.a').toString(), '1');
  },
  'are set by a descriptor that is open for reading only': (fs) => {
    fs.create('f', '', 0o600);
    fs.fsetxattr(fs.open('f', O.RDONLY), 'user.a', '1');
    equal(fs.getxattr('f', 'user.a').toString(), '1');
  },
  'by a descriptor ask for permission again': asRoot((fs) => {
    fs.create('f', '', 0o666);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.RDWR);
    alice.fsetxattr(fd, 'user.a', '1');
    fs.chmod('f', 0o600);
    alice.fails('EACCES').fsetxattr(fd, 'user.a', '2');
    alice.fails('EACCES').fgetxattr(fd, 'user.a');
    equal(fs.getxattr('f', 'user.a').toString(), '1');
  }),
  'of another process are seen at once': (fs) => {
    const other = fs.another();
    fs.create('f');
    fs.fails('ENODATA').getxattr('f', 'user.a');
    other.setxattr('f', 'user.a', '1');
    equal(fs.getxattr('f', 'user.a').toString(), '1');
    other.removexattr('f', 'user.a');
    fs.fails('ENODATA').getxattr('f', 'user.a');
  },
  'with names that differ by case are two': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1');
    fs.setxattr('f', 'user.A', '2');
    equal(fs.listxattr('f').length, 2);
    equal(fs.getxattr('f', 'user.a').toString(), '1');
  },
  'with a name that is the beginning of another are two': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.name', '1');
    fs.setxattr('f', 'user.name.more', '2');
    fs.removexattr('f', 'user.name');
    deepEqual(fs.listxattr('f'), ['user.name.more']);
  },
  'an empty name is ERANGE': (fs) => {
    fs.create('f');
    fs.fails('ERANGE').setxattr('f', '', '1');
    fs.fails('ERANGE').getxattr('f', '');
    fs.fails('ERANGE').removexattr('f', '');
  },
  'XATTR_REPLACE with an empty value keeps the name': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', 'value');
    fs.setxattr('f', 'user.a', '', { mode: 'replace' });
    equal(fs.getxattr('f', 'user.a').length, 0);
    deepEqual(fs.listxattr('f'), ['user.a']);
  },
  'trusted. is of directories, FIFOs and devices too': asRoot((fs) => {
    fs.mkdir('d');
    fs.mknod('p', S.IFIFO | 0o600);
    fs.mknod('c', S.IFCHR | 0o600, 0x103);
    for (const name of ['d', 'p', 'c']) {
      fs.setxattr(name, 'trusted.a', name);
      equal(fs.getxattr(name, 'trusted.a').toString(), name);
      deepEqual(fs.listxattr(name), ['trusted.a']);
    }
  }),
  'trusted. is not for root without CAP_SYS_ADMIN': asRoot((fs) => {
    fs.create('f');
    fs.setxattr('f', 'trusted.a', '1');
    const weak = fs.as('root', ['SYS_ADMIN']);
    weak.fails('EPERM').setxattr('f', 'trusted.a', '2');
    weak.fails('ENODATA').getxattr('f', 'trusted.a');
    deepEqual(weak.listxattr('f'), []);
  }),
  'user. of a sticky directory is set by root with CAP_FOWNER': asRoot((fs) => {
    fs.as('alice').mkdir('d', 0o777);
    fs.chmod('d', 0o1777);
    fs.as('root', ['FOWNER']).fails('EPERM').setxattr('d', 'user.a', '1');
    fs.setxattr('d', 'user.a', '1');
    equal(fs.getxattr('d', 'user.a').toString(), '1');
  }),
  'user. is set by a member of the group that may write': asRoot((fs) => {
    fs.create('f');
    fs.chown('f', 0, 2100);
    fs.chmod('f', 0o660);
    fs.as('alice').setxattr('f', 'user.a', '1');
    equal(fs.getxattr('f', 'user.a').toString(), '1');
    fs.as('bob').fails('EACCES').setxattr('f', 'user.a', '2');
  }),
  'security.capability of another kind than the kernel’s is EINVAL': asRoot((fs) => {
    fs.create('f', '', 0o755);
    fs.fails('EINVAL').setxattr('f', 'security.capability', 'nonsense');
    fs.fails('ENODATA').getxattr('f', 'security.capability');
  }),
  'security.capability needs CAP_SETFCAP: EPERM': asRoot((fs) => {
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    fs.create('f', '', 0o755);
    fs.as('root', ['SETFCAP']).fails('EPERM').setxattr('f', 'security.capability', capability);
    fs.setxattr('f', 'security.capability', capability);
    equal(fs.getxattr('f', 'security.capability').length, 20);
  }),
  'system. of an unknown name is EOPNOTSUPP': (fs) => {
    fs.create('f');
    fs.fails('EOPNOTSUPP').setxattr('f', 'system.other', '1');
    fs.fails('EOPNOTSUPP').getxattr('f', 'system.other');
  },
  'values of 4,095, 4,096 and 4,097 bytes come back': (fs) => {
    fs.create('f');
    for (const size of [4095, 4096, 4097]) {
      fs.setxattr('f', 'user.a', Buffer.alloc(size, size % 251));
      deepEqual(fs.getxattr('f', 'user.a'), Buffer.alloc(size, size % 251));
    }
  },
  'go with the file through EXCHANGE and WHITEOUT no further than it': asRoot((fs) => {
    fs.create('a');
    fs.create('b');
    fs.setxattr('a', 'user.of', 'a');
    fs.rename('a', 'b', 2);
    equal(fs.getxattr('b', 'user.of').toString(), 'a');
    deepEqual(fs.listxattr('a'), []);
  }),
});
