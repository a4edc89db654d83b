// FIFOs, sockets and devices, opened by their names in the file system.
import { deepEqual, equal } from 'node:assert/strict';
import { O, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const nonblocking = O.NONBLOCK;

export const fifoRules = rules('FIFO', {
  'carries bytes once, in order': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const [reader, writer] = [fs.open('p', O.RDONLY | nonblocking), fs.open('p', O.WRONLY)];
    fs.write(writer, 'one');
    fs.write(writer, 'two');
    equal(fs.read(reader, 4).toString(), 'onet');
    equal(fs.read(reader, 4).toString(), 'wo');
    fs.fails('EAGAIN').read(reader, 1);
  },
  'has no more when its last writer is gone: 0': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const [reader, writer] = [fs.open('p', O.RDONLY | nonblocking), fs.open('p', O.WRONLY)];
    fs.write(writer, 'x');
    fs.close(writer);
    equal(fs.read(reader, 9).toString(), 'x');
    equal(fs.read(reader, 9).length, 0);
  },
  'without readers is EPIPE to its writer': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const [reader, writer] = [fs.open('p', O.RDONLY | nonblocking), fs.open('p', O.WRONLY)];
    fs.close(reader);
    fs.fails('EPIPE').write(writer, 'x');
  },
  'opens for reading and writing at once without waiting': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.write(fd, 'x');
    equal(fs.read(fd, 9).toString(), 'x');
  },
  'an open that waits for the other side ends with EINTR by a signal': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.interrupted(() => fs.fails('EINTR').open('p', O.RDONLY));
  },
  'two names of one are one': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.link('p', 'q');
    const [reader, writer] = [fs.open('p', O.RDONLY | nonblocking), fs.open('q', O.WRONLY)];
    fs.write(writer, 'x');
    equal(fs.read(reader, 9).toString(), 'x');
  },
  'goes on under another name, and when it has none': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.rename('p', 'q');
    const other = fs.open('q', O.WRONLY);
    fs.unlink('q');
    fs.write(other, 'x');
    equal(fs.read(fd, 9).toString(), 'x');
  },
  'has the size 0, and what is in it shows in no status': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.write(fd, 'content');
    deepEqual([fs.stat('p').size, fs.stat('p').blocks, fs.fstat(fd).type], [0, 0, 'fifo']);
  },
  'asks for the permissions of its mode': (fs) => {
    fs.as('root').mknod('p', S.IFIFO | 0o642);
    const alice = fs.as('alice');
    alice.fails('EACCES').open('p', O.RDONLY | nonblocking);
    alice.fails('EACCES').open('p', O.RDWR);
    fs.open('p', O.RDWR);
    alice.open('p', O.WRONLY);
  },
  'O_TRUNC and O_CREAT of one that is there do nothing': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR | O.CREAT | O.TRUNC);
    equal(fs.fstat(fd).type, 'fifo');
  },
  'pread and pwrite are ESPIPE': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.fails('ESPIPE').pread(fd, 1, 0);
    fs.fails('ESPIPE').pwrite(fd, 'x', 0);
  },
  'ftruncate is EINVAL, mmap ENODEV': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.fails('EINVAL').ftruncate(fd, 0);
    fs.fails('ENODEV').mmap(fd, 4096, 1);
  },
});

export const socketRules = rules('socket', {
  'bind makes a socket, by the umask': (fs) => {
    fs.umask(0o027);
    fs.listen('s');
    deepEqual([fs.lstat('s').type, fs.lstat('s').mode], ['socket', 0o750]);
  },
  'carries bytes from one process to another': (fs) => {
    const other = fs.another();
    const listening = fs.listen('s');
    const theirs = other.connect('s');
    const mine = fs.accept(listening);
    other.write(theirs, 'through');
    equal(fs.read(mine, 9).toString(), 'through');
  },
  'bind to a name that is there is EADDRINUSE': (fs) => {
    fs.create('f');
    fs.symlink('none', 'l');
    fs.fails('EADDRINUSE').listen('f');
    fs.fails('EADDRINUSE').listen('l');
  },
  'connect to what nobody listens on is ECONNREFUSED': (fs) => {
    fs.close(fs.listen('s'));
    fs.fails('ECONNREFUSED').connect('s');
    fs.create('f', '', 0o777);
    fs.fails('ECONNREFUSED').connect('f');
  },
  'connect follows symbolic links': (fs) => {
    fs.listen('s');
    fs.symlink('s', 'l');
    fs.connect('l');
    fs.unlink('s');
    fs.fails('ENOENT').connect('l');
  },
  'connect needs write permission: EACCES': (fs) => {
    fs.as('root').listen('s');
    fs.chmod('s', 0o755);
    fs.as('alice').fails('EACCES').connect('s');
    fs.chmod('s', 0o722);
    fs.as('alice').connect('s');
  },
  'goes on under another name': (fs) => {
    const listening = fs.listen('s');
    fs.rename('s', 't');
    fs.connect('t');
    equal(fs.accept(listening) > 0, true);
    fs.fails('ENOENT').connect('s');
  },
  'bind without write permission on the directory is EACCES': (fs) => {
    fs.as('root').mkdir('d', 0o755);
    fs.as('alice').fails('EACCES').listen('d/s');
  },
  'the name stays when the socket is closed, and can be removed': (fs) => {
    fs.close(fs.listen('s'));
    equal(fs.lstat('s').type, 'socket');
    fs.unlink('s');
    deepEqual(fs.list(), []);
  },
  'bind changes mtime and ctime of the directory': (fs) => {
    fs.mkdir('d');
    equal(
      fs.touched('d', () => fs.listen('d/s')),
      'mtime ctime',
    );
  },
});

export const deviceRules = rules('devices', {
  'keep no content of their own': asRoot((fs) => {
    fs.mknod('null', S.IFCHR | 0o600, 0x103);
    const fd = fs.open('null', O.RDWR | O.TRUNC);
    equal(fs.write(fd, 'content'), 7);
    equal(fs.read(fd, 9).length, 0);
    equal(fs.stat('null').size, 0);
  }),
  'ask for the permissions of their own node': asRoot((fs) => {
    fs.mknod('null', S.IFCHR | 0o600, 0x103);
    fs.as('alice').fails('EACCES').open('null', O.RDONLY);
    fs.chmod('null', 0o666);
    fs.as('alice').open('null', O.RDWR);
  }),
  'a write to one changes its mtime as it does on tmpfs: not at all': asRoot((fs) => {
    fs.mknod('null', S.IFCHR | 0o600, 0x103);
    const fd = fs.open('null', O.WRONLY);
    const { ctime } = fs.stat('null');
    fs.write(fd, 'x');
    equal(fs.stat('null').ctime, ctime);
  }),
  'of the numbers 0:0 can be made by all, and open for none: ENXIO': asRoot((fs) => {
    const alice = fs.as('alice');
    alice.mknod('whiteout', S.IFCHR | 0o600, 0);
    alice.fails('ENXIO').open('whiteout', O.RDONLY);
  }),
  'on a mount with nodev are EACCES': asRoot((fs) => {
    fs.mknod('null', S.IFCHR | 0o666, 0x103);
    fs.fails('EACCES').open(`${fs.restricted}/null`, O.RDONLY);
    fs.open('null', O.RDONLY);
  }),
});
