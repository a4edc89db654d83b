// FIFOs, sockets, devices and programs, opened by their names in the file system.
import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Client } from '../src/client.ts';
import { compileSystemCalls } from '../src/compile.ts';
import { O, S, ST } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const nonblocking = O.NONBLOCK;

/** A copy of our own program, which tells its effective user or stays. */
function ownProgram(fs: Client, mode = 0o755): void {
  fs.create('program', readFileSync(compileSystemCalls()));
  fs.chmod('program', mode);
}

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

export const programRules = rules('programs', {
  'run, and tell how they ended': (fs) => {
    fs.create('good', '#!/bin/true', 0o755);
    fs.create('bad', '#!/bin/false', 0o755);
    deepEqual([fs.run('./good'), fs.run('./bad')], [0, 1]);
  },
  'need execute permission, root too: EACCES': (fs) => {
    fs.create('f', '#!/bin/true', 0o644);
    fs.fails('EACCES').run('./f');
    fs.chmod('f', 0o744);
    equal(fs.run('./f'), 0);
    fs.as('alice').fails('EACCES').run('./f');
  },
  'need no read permission': asRoot((fs) => {
    ownProgram(fs, 0o711);
    equal(fs.as('alice').run('./program'), 2001 % 256);
    fs.as('alice').fails('EACCES').open('program', O.RDONLY);
  }),
  'that are none are ENOEXEC, directories EACCES': (fs) => {
    fs.create('f', 'no program', 0o755);
    fs.mkdir('d');
    fs.fails('ENOEXEC').run('./f');
    fs.fails('EACCES').run('./d');
  },
  'whose interpreter is not there are ENOENT': (fs) => {
    fs.create('f', '#!/none', 0o755);
    fs.fails('ENOENT').run('./f');
  },
  'run by an interpreter in the same file system': (fs) => {
    ownProgram(fs);
    fs.create('script', `#!${fs.directory}/program`, 0o755);
    equal(fs.run('./script') < 256, true);
    fs.chmod('program', 0o644);
    fs.fails('EACCES').run('./script');
  },
  'with set-uid run as their owner': asRoot((fs) => {
    ownProgram(fs);
    equal(fs.as('bob').run('./program'), 2002 % 256);
    fs.chown('program', 2001, undefined);
    fs.chmod('program', 0o4755);
    equal(fs.as('bob').run('./program'), 2001 % 256);
  }),
  'on a mount with noexec are EACCES': (fs) => {
    fs.create('f', '#!/bin/true', 0o755);
    fs.fails('EACCES').run(`${fs.restricted}/f`);
    equal(fs.run('./f'), 0);
  },
  'on a mount with noexec are not mapped for execution: EPERM': (fs) => {
    fs.create('f', 'content', 0o755);
    fs.fails('EPERM').mmap(fs.open(`${fs.restricted}/f`, O.RDONLY), 4096, 5);
    equal(fs.peek(fs.mmap(fs.open('f', O.RDONLY), 4096, 5), 7).toString(), 'content');
  },
  'a mount with nosuid, nodev and noexec says so': (fs) => {
    const flags = fs.statfs(fs.restricted).flags ?? 0;
    const all = ST.NOSUID | ST.NODEV | ST.NOEXEC;
    equal(flags & all, all);
  },
  'that run are not written: ETXTBSY': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    fs.fails('ETXTBSY').open('program', O.WRONLY);
    fs.fails('ETXTBSY').open('program', O.RDWR);
    fs.fails('ETXTBSY').open('program', O.WRONLY | O.TRUNC);
    fs.stop(program);
    fs.open('program', O.WRONLY);
  },
  'that run are not truncated: ETXTBSY': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    const { size } = fs.stat('program');
    fs.fails('ETXTBSY').truncate('program', 0);
    fs.stop(program);
    equal(fs.stat('program').size, size);
  },
  'that run are not truncated by O_TRUNC for reading: ETXTBSY': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    const { size } = fs.stat('program');
    fs.fails('ETXTBSY').open('program', O.RDONLY | O.TRUNC);
    fs.stop(program);
    equal(fs.stat('program').size, size);
  },
  'that run can be read, renamed, removed and replaced': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    const size = fs.stat('program').size;
    equal(fs.pread(fs.open('program', O.RDONLY), 4, 0).toString('latin1'), '\u007fELF');
    fs.rename('program', 'other');
    fs.unlink('other');
    ownProgram(fs);
    fs.stop(program);
    equal(fs.stat('program').size, size);
  },
  'change no times but atime': (fs) => {
    ownProgram(fs);
    const { mtime, ctime } = fs.stat('program');
    fs.run('./program');
    deepEqual([fs.stat('program').mtime, fs.stat('program').ctime], [mtime, ctime]);
  },
  'written anew run as what they are now': (fs) => {
    for (const [text, status] of [
      ['#!/bin/true', 0],
      ['#!/bin/false', 1],
    ] as const) {
      const fd = fs.open('f', O.WRONLY | O.CREAT | O.TRUNC, 0o755);
      fs.write(fd, text);
      fs.close(fd);
      equal(fs.run('./f'), status);
    }
  },
});
