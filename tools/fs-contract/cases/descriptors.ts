// What descriptors are good for, and what open files have for themselves: flags, position.
import { deepEqual, equal } from 'node:assert/strict';
import { AT, F, IOCTL, O, PROT, SEEK } from '../src/constants.ts';
import type { FileCalls } from '../src/file-calls.ts';
import { asRoot, rules } from '../src/rules.ts';
import {
  descriptorCalls,
  forEachDescriptor,
  openFileCalls,
  openOther,
  readingCalls,
  writingCalls,
} from './descriptor-calls.ts';

const rw = O.RDWR | O.CREAT;
const statusFlags = O.APPEND | O.NONBLOCK | O.NOATIME | O.DIRECT | 3;
const { mmap: _, readahead: __, ...copying } = readingCalls;

/** Opens what a descriptor is of. */
const again = (fs: FileCalls, fd: number, flags: number) =>
  fs.openAt(AT.FDCWD, `/proc/self/fd/${fd}`, flags);

export const descriptorRules = rules('descriptors', {
  ...forEachDescriptor(descriptorCalls, '<call> of none is EBADF', (fs, call) => {
    const other = openOther(fs);
    call(fs.fails('EBADF'), 1000, other);
  }),
  ...forEachDescriptor(openFileCalls, '<call> of an O_PATH descriptor is EBADF', (fs, call) => {
    const other = openOther(fs);
    fs.create('f', 'content');
    call(fs.fails('EBADF'), fs.open('f', O.PATH), other);
  }),
  ...forEachDescriptor(copying, '<call> of one for writing only is EBADF', (fs, call) => {
    const other = openOther(fs);
    call(fs.fails('EBADF'), fs.open('f', O.WRONLY | O.CREAT), other);
  }),
  ...forEachDescriptor(writingCalls, '<call> of one for reading only is EBADF', (fs, call) => {
    const other = openOther(fs);
    fs.write(other, 'content');
    fs.create('f', 'content');
    call(fs.fails('EBADF'), fs.open('f', O.RDONLY), other);
    equal(fs.content('f'), 'content');
  }),
  'an O_PATH descriptor tells what it is and can be doubled': (fs) => {
    fs.create('f', 'content');
    const fd = fs.dup(fs.open('f', O.PATH));
    equal(fs.fstat(fd).size, 7);
    equal(fs.fstatfs(fd).nameMax, 255);
    equal(fs.fcntl(fd, F.GETFL) & O.PATH, O.PATH);
  },
  'an O_PATH descriptor can be opened by /proc/self/fd': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.PATH);
    fs.rename('f', 'g');
    equal(fs.read(again(fs, fd, O.RDONLY), 9).toString(), 'content');
  },
  'an O_PATH descriptor keeps an unlinked file': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.PATH);
    fs.unlink('f');
    deepEqual([fs.fstat(fd).nlink, fs.fstat(fd).size], [0, 7]);
  },
  '/proc/self/fd opens an unlinked file again, with a position of its own': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    fs.unlink('f');
    fs.read(fd, 3);
    const other = again(fs, fd, O.RDWR);
    equal(fs.write(other, 'CON'), 3);
    equal(fs.pread(fd, 9, 0).toString(), 'CONtent');
  },
  '/proc/self/fd asks for permission again': asRoot((fs) => {
    fs.create('f', 'content', 0o644);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.RDONLY);
    again(alice.fails('EACCES'), fd, O.RDWR);
    equal(alice.read(again(alice, fd, O.RDONLY), 9).toString(), 'content');
  }),
  'F_GETFL tells the access mode and the flags that last': (fs) => {
    const flags = (given: number) =>
      fs.fcntl(fs.open('f', given | O.CREAT | O.TRUNC), F.GETFL) & statusFlags;
    equal(flags(O.WRONLY), O.WRONLY);
    equal(flags(O.RDWR | O.APPEND), O.RDWR | O.APPEND);
    equal(flags(O.RDWR | O.NONBLOCK), O.RDWR | O.NONBLOCK);
  },
  'F_SETFL puts O_APPEND on and takes it off': (fs) => {
    const fd = fs.open('f', rw);
    fs.write(fd, 'one');
    fs.fcntl(fd, F.SETFL, O.APPEND);
    fs.lseek(fd, 0, SEEK.SET);
    fs.write(fd, 'two');
    equal(fs.content('f'), 'onetwo');
    fs.fcntl(fd, F.SETFL, 0);
    fs.pwrite(fd, 'O', 0);
    equal(fs.content('f'), 'Onetwo');
  },
  'F_SETFL does not change the access mode': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.fcntl(fd, F.SETFL, O.RDWR | O.CREAT | O.TRUNC);
    fs.fails('EBADF').write(fd, 'x');
    equal(fs.content('f'), 'content');
  },
  'F_SETFL puts O_DIRECT on': (fs) => {
    const fd = fs.open('f', rw);
    fs.fcntl(fd, F.SETFL, O.DIRECT);
    equal(fs.fcntl(fd, F.GETFL) & O.DIRECT, O.DIRECT);
    equal(fs.write(fd, Buffer.alloc(4096, 'x')), 4096);
    equal(fs.content('f'), 'x'.repeat(4096));
  },
  'F_SETFL O_NOATIME by a stranger is EPERM': (fs) => {
    fs.as('root').create('f', '', 0o666);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.RDONLY);
    alice.fails('EPERM').fcntl(fd, F.SETFL, O.NOATIME);
  },
  'F_DUPFD gives the first free number from there on': (fs) => {
    const fd = fs.open('f', rw);
    equal(fs.fcntl(fd, F.DUPFD, 100), 100);
    equal(fs.fcntl(fd, F.DUPFD, 100), 101);
    fs.write(100, 'one');
    fs.write(101, 'two');
    equal(fs.content('f'), 'onetwo');
  },
  'O_CLOEXEC is of the descriptor, F_SETFD sets it': (fs) => {
    const fd = fs.open('f', rw | O.CLOEXEC);
    equal(fs.fcntl(fd, F.GETFD), 1);
    equal(fs.fcntl(fs.dup(fd), F.GETFD), 0);
    equal(fs.fcntl(fs.fcntl(fd, F.DUPFD_CLOEXEC, 0), F.GETFD), 1);
    fs.fcntl(fd, F.SETFD, 0);
    equal(fs.fcntl(fd, F.GETFD), 0);
  },
  'dup3 onto itself is EINVAL, onto an open one closes that': (fs) => {
    fs.create('g', 'other');
    const [fd, other] = [fs.open('f', rw), fs.open('g', O.RDONLY)];
    fs.fails('EINVAL').raw('dup3', fd, fd, 0);
    equal(fs.raw('dup3', fd, other, 0), other);
    equal(fs.fstat(other).ino, fs.stat('f').ino);
  },
  'F_ADD_SEALS of one for reading only is EPERM': (fs) => {
    const fd = fs.open('f', O.RDONLY | O.CREAT);
    fs.fails('EPERM').fcntl(fd, F.ADD_SEALS, 0);
  },
  'an unknown command of fcntl is EINVAL': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').fcntl(fd, 99_999);
  },
  'F_SET_RW_HINT takes the hints that there are, others are EINVAL': (fs) => {
    const fd = fs.open('f', rw);
    fs.fcntl(fd, F.SET_RW_HINT, Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]));
    fs.fails('EINVAL').fcntl(fd, F.SET_RW_HINT, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0]));
  },
  'descriptors beyond RLIMIT_NOFILE are EMFILE': (fs) => {
    const fd = fs.open('f', rw);
    fs.limitOpenFiles(fd + 1);
    fs.fails('EMFILE').open('f', O.RDONLY);
    fs.fails('EMFILE').dup(fd);
    fs.fails('EINVAL').fcntl(fd, F.DUPFD, fd + 1);
    fs.close(fd);
    equal(fs.open('f', O.RDONLY), fd);
  },
  'EMFILE makes no file': (fs) => {
    const fd = fs.open('f', rw);
    fs.limitOpenFiles(fd + 1);
    fs.fails('EMFILE').open('new', rw);
    equal(fs.exists('new'), false);
  },
  'FIONREAD tells what is left to read': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.read(fd, 3);
    equal(fs.ioctl(fd, IOCTL.FIONREAD).readInt32LE(), 4);
  },
  'FIOCLEX and FIONCLEX set close-on-exec': (fs) => {
    const fd = fs.open('f', rw);
    fs.ioctl(fd, IOCTL.FIOCLEX);
    equal(fs.fcntl(fd, F.GETFD), 1);
    fs.ioctl(fd, IOCTL.FIONCLEX);
    equal(fs.fcntl(fd, F.GETFD), 0);
  },
  'FIONBIO sets O_NONBLOCK': (fs) => {
    const fd = fs.open('f', rw);
    fs.ioctl(fd, IOCTL.FIONBIO, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    equal(fs.fcntl(fd, F.GETFL) & O.NONBLOCK, O.NONBLOCK);
  },
  'FIGETBSZ tells the size of blocks': (fs) => {
    fs.create('f', 'content');
    equal(fs.ioctl(fs.open('f', O.RDONLY), IOCTL.FIGETBSZ).readInt32LE(), 4096);
  },
  'an ioctl of terminals is ENOTTY, of a directory too': (fs) => {
    fs.fails('ENOTTY').ioctl(fs.open('f', rw), IOCTL.TCGETS, Buffer.alloc(64));
    fs.fails('ENOTTY').ioctl(fs.open('.', O.RDONLY), IOCTL.TCGETS, Buffer.alloc(64));
  },
  'an unknown ioctl is ENOTTY': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('ENOTTY').ioctl(fd, 0x1234);
  },
  'FICLONE is EOPNOTSUPP, as on tmpfs': (fs) => {
    fs.create('f', 'content');
    const [from, to] = [fs.open('f', O.RDONLY), fs.open('g', rw)];
    fs.fails('EOPNOTSUPP').raw('ioctl', to, IOCTL.FICLONE, from);
  },
  'a file is always ready to read and write': (fs) => {
    const fd = fs.open('f', rw);
    const wanted = Buffer.alloc(8);
    wanted.writeInt32LE(fd);
    wanted.writeInt16LE(5, 4);
    equal(fs.raw('ppoll', wanted, 1, 0, 0, 8), 1);
  },
  'epoll of a file is EPERM': (fs) => {
    const poll = fs.raw('epoll_create1', 0);
    const fd = fs.open('f', rw);
    fs.fails('EPERM').raw('epoll_ctl', poll, 1, fd, Buffer.alloc(12));
  },
  'mmap of one for writing only is EACCES, for reading and writing allowed': (fs) => {
    fs.create('f', 'content');
    fs.fails('EACCES').mmap(fs.open('f', O.WRONLY), 4096, PROT.READ);
    equal(fs.peek(fs.mmap(fs.open('f', O.RDWR), 4096, PROT.READ), 7).toString(), 'content');
  },
});
