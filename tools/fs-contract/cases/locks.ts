// fcntl locks of processes and of open files.
import { deepEqual, equal, throws } from 'node:assert/strict';
import { LOCK, O } from '../src/constants.ts';
import { rules } from '../src/rules.ts';
import { waiting } from './waiting.ts';

const rw = O.RDWR | O.CREAT;

export const lockRules = rules('locks', {
  'a write lock keeps the locks of other processes out: EAGAIN': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write');
    other.fails('EAGAIN').lock(theirs, 'write');
    other.fails('EAGAIN').lock(theirs, 'read');
    fs.lock(mine, 'none');
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'read'), 'write');
  },
  'read locks share': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'read');
    other.lock(theirs, 'read');
    fs.fails('EAGAIN').lock(mine, 'write');
    equal(other.testLock(theirs, 'write'), 'read');
  },
  'ranges that do not meet are apart': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 0, length: 10 });
    other.lock(theirs, 'write', { start: 10, length: 10 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 9, length: 1 });
    equal(other.testLock(theirs, 'read', { start: 0, length: 0 }), 'write');
  },
  'a part can be let go': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 0, length: 100 });
    fs.lock(mine, 'none', { start: 40, length: 20 });
    other.lock(theirs, 'write', { start: 40, length: 20 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 39, length: 1 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 60, length: 1 });
  },
  'a process is not in its own way, and may change its lock': (fs) => {
    const other = fs.another();
    const [first, second] = [fs.open('f', rw), fs.open('f', rw)];
    fs.lock(first, 'write');
    fs.lock(second, 'read');
    const theirs = other.open('f', rw);
    other.lock(theirs, 'read');
    equal(other.testLock(theirs, 'write'), 'read');
  },
  'the locks of a process go when it closes any descriptor of the file': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write');
    other.fails('EAGAIN').lock(theirs, 'write');
    fs.close(fs.open('f', O.RDONLY));
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'write'), 'write');
  },
  'a write lock needs a descriptor for writing: EBADF': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EBADF').lock(fd, 'write');
    fs.lock(fd, 'read');
  },
  'OFD locks are between open files, also of one process': (fs) => {
    const [first, second] = [fs.open('f', rw), fs.open('f', rw)];
    fs.lock(first, 'write', { ofd: true });
    fs.fails('EAGAIN').lock(second, 'write', { ofd: true });
    fs.close(fs.dup(first));
    fs.fails('EAGAIN').lock(second, 'write', { ofd: true });
    fs.close(first);
    fs.lock(second, 'write', { ofd: true });
  },
  'OFD locks and those of processes are in each other’s way': (fs) => {
    const [first, second] = [fs.open('f', rw), fs.open('f', rw)];
    fs.lock(first, 'write', { ofd: true });
    fs.fails('EAGAIN').lock(second, 'write');
    equal(fs.testLock(second, 'read'), 'write');
  },
  'flock excludes, shares and is let go': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', O.RDONLY)];
    fs.flock(mine, LOCK.SH);
    other.flock(theirs, LOCK.SH | LOCK.NB);
    fs.fails('EAGAIN').flock(mine, LOCK.EX | LOCK.NB);
    other.flock(theirs, LOCK.UN);
    fs.flock(mine, LOCK.EX | LOCK.NB);
    other.fails('EAGAIN').flock(theirs, LOCK.SH | LOCK.NB);
  },
  'flock is of the open file: duplicates share it, another open does not': (fs) => {
    const first = fs.open('f', rw);
    const copy = fs.dup(first);
    const second = fs.open('f', rw);
    fs.flock(first, LOCK.EX);
    fs.flock(copy, LOCK.EX | LOCK.NB);
    fs.fails('EAGAIN').flock(second, LOCK.EX | LOCK.NB);
    fs.close(first);
    fs.fails('EAGAIN').flock(second, LOCK.EX | LOCK.NB);
    fs.close(copy);
    fs.flock(second, LOCK.EX | LOCK.NB);
  },
  'flock and fcntl locks do not meet': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.flock(mine, LOCK.EX);
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'write'), 'write');
  },
  'a range of length 0 goes to the end, wherever that will be': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 10, length: 0 });
    other.lock(theirs, 'write', { start: 0, length: 10 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 1 << 30, length: 1 });
  },
  'a range of negative length lies before its start': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 10, length: -5 });
    other.lock(theirs, 'write', { start: 10, length: 1 });
    other.lock(theirs, 'write', { start: 4, length: 1 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 5, length: 1 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 9, length: 1 });
  },
  'a range before the beginning is EINVAL, beyond the largest offset EOVERFLOW': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').lock(fd, 'write', { start: -1, length: 1 });
    fs.fails('EINVAL').lock(fd, 'write', { start: 3, length: -5 });
    fs.fails('EOVERFLOW').lock(fd, 'write', {
      start: Number.MAX_SAFE_INTEGER,
      length: (1n << 63n) - 1n,
    });
  },
  'F_GETLK tells the range and the process of the lock in the way': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 10, length: 20 });
    const { start, length, pid } = other.lockInTheWay(theirs, 'read', { start: 15, length: 100 });
    deepEqual([start, length, pid], [10, 20, fs.raw('getpid')]);
  },
  'F_GETLK tells -1 for the process of an OFD lock': (fs) => {
    const [first, second] = [fs.open('f', rw), fs.open('f', rw)];
    fs.lock(first, 'write', { ofd: true });
    equal(fs.lockInTheWay(second, 'write').pid, -1);
  },
  'a lock within a read lock splits it in three': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'read', { start: 0, length: 100 });
    fs.lock(mine, 'write', { start: 40, length: 20 });
    other.lock(theirs, 'read', { start: 0, length: 40 });
    other.lock(theirs, 'read', { start: 60, length: 40 });
    other.fails('EAGAIN').lock(theirs, 'read', { start: 59, length: 1 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 99, length: 1 });
  },
  'neighbouring locks become one, which one unlock lets go': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    for (let start = 0; start < 100; start += 10) fs.lock(mine, 'write', { start, length: 10 });
    equal(other.lockInTheWay(theirs, 'write').length, 100);
    fs.lock(mine, 'none');
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'read'), 'write');
  },
  'a read lock needs a descriptor for reading: EBADF': (fs) => {
    const fd = fs.open('f', O.WRONLY | O.CREAT);
    fs.fails('EBADF').lock(fd, 'read');
    fs.lock(fd, 'write');
  },
  'F_GETLK of a lock that could be had is none, and takes it not': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    equal(fs.testLock(mine, 'write'), 'none');
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'write'), 'write');
  },
  'two names of a file have the same locks': (fs) => {
    const other = fs.another();
    const mine = fs.open('f', rw);
    fs.link('f', 'g');
    const theirs = other.open('g', rw);
    fs.lock(mine, 'write');
    other.fails('EAGAIN').lock(theirs, 'write');
    fs.rename('f', 'h');
    other.fails('EAGAIN').lock(theirs, 'write');
  },
  'do not keep anybody from reading, writing and removing': (fs) => {
    const other = fs.another();
    const mine = fs.open('f', rw);
    fs.lock(mine, 'write');
    const theirs = other.open('f', O.RDWR);
    other.write(theirs, 'written');
    equal(other.content('f'), 'written');
    other.unlink('f');
    equal(fs.pread(mine, 9, 0).toString(), 'written');
  },
  'a process that waits gets its lock when it is let go': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write');
    const granted = waiting(other, () => other.waitForLock(theirs, 'write'));
    fs.lock(mine, 'none');
    granted();
    equal(fs.testLock(mine, 'read'), 'write');
  },
  'a process that waits gets its lock when the holder closes the file': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write');
    const granted = waiting(other, () => other.waitForLock(theirs, 'read'));
    fs.close(mine);
    granted();
    equal(fs.testLock(fs.open('f', rw), 'write'), 'read');
  },
  'an OFD lock that waits is granted too': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { ofd: true });
    const granted = waiting(other, () => other.waitForLock(theirs, 'write', { ofd: true }));
    fs.close(mine);
    granted();
    equal(fs.testLock(fs.open('f', rw), 'read'), 'write');
  },
  'a wait for a lock ends with EINTR by a signal': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write');
    other.interrupted(() => throws(other.waitForLock(theirs, 'write'), { code: 'EINTR' }));
    fs.lock(mine, 'none');
    equal(fs.testLock(mine, 'write'), 'none');
  },
  'two processes that would wait for each other: EDEADLK': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 0, length: 1 });
    other.lock(theirs, 'write', { start: 1, length: 1 });
    const first = { start: 0, length: 1 };
    const end = waiting(other, () => other.waitForLock(theirs, 'write', first));
    let code = '';
    fs.interrupted(() => {
      code = codeOf(fs.waitForLock(mine, 'write', { start: 1, length: 1 }));
    });
    // Whoever comes last is refused; the other gets what it waits for, or is interrupted.
    fs.lock(mine, 'none');
    equal([code, codeOf(end)].filter((one) => one === 'EDEADLK').length, 1);
  },
});

function codeOf(call: () => void): string {
  try {
    call();
    return '';
  } catch (error) {
    return (error as { code?: string }).code ?? 'no code';
  }
}
