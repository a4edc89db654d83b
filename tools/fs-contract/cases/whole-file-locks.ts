// flock and leases.
import { equal, throws } from 'node:assert/strict';
import { F, LEASE, LOCK, O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { waiting } from './waiting.ts';

const rw = O.RDWR | O.CREAT;

export const flockRules = rules('flock', {
  'needs no permission but to open the file': (fs) => {
    fs.as('root').create('f', '', 0o644);
    const alice = fs.as('alice');
    const theirs = alice.open('f', O.RDONLY);
    alice.flock(theirs, LOCK.EX | LOCK.NB);
    const mine = fs.open('f', O.RDWR);
    fs.fails('EAGAIN').flock(mine, LOCK.SH | LOCK.NB);
  },
  'of a directory': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('.', O.RDONLY), other.open('.', O.RDONLY)];
    fs.flock(mine, LOCK.EX | LOCK.NB);
    other.fails('EAGAIN').flock(theirs, LOCK.SH | LOCK.NB);
    fs.flock(mine, LOCK.UN);
    other.flock(theirs, LOCK.EX | LOCK.NB);
  },
  'changed from exclusive to shared lets others share': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.flock(mine, LOCK.EX);
    fs.flock(mine, LOCK.SH);
    other.flock(theirs, LOCK.SH | LOCK.NB);
    fs.fails('EAGAIN').flock(mine, LOCK.EX | LOCK.NB);
  },
  'that waits gets the lock when it is let go': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.flock(mine, LOCK.EX);
    const granted = waiting(other, () => other.waitForFlock(theirs, LOCK.EX));
    fs.close(mine);
    granted();
    const again = fs.open('f', rw);
    fs.fails('EAGAIN').flock(again, LOCK.SH | LOCK.NB);
  },
  'that waits ends with EINTR by a signal': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.flock(mine, LOCK.EX);
    other.interrupted(() => throws(other.waitForFlock(theirs, LOCK.EX), { code: 'EINTR' }));
    fs.flock(mine, LOCK.UN);
    fs.flock(mine, LOCK.EX | LOCK.NB);
  },
  'lasts when the file loses its name': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.flock(mine, LOCK.EX);
    fs.unlink('f');
    other.fails('EAGAIN').flock(theirs, LOCK.EX | LOCK.NB);
    const fresh = other.open('f', rw);
    other.flock(fresh, LOCK.EX | LOCK.NB);
  },
});

export const leaseRules = rules('leases', {
  'a read lease is had for reading only, told and given back': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.fcntl(fd, F.GETLEASE), LEASE.NONE);
    fs.fcntl(fd, F.SETLEASE, LEASE.READ);
    equal(fs.fcntl(fd, F.GETLEASE), LEASE.READ);
    fs.fcntl(fd, F.SETLEASE, LEASE.NONE);
    equal(fs.fcntl(fd, F.GETLEASE), LEASE.NONE);
  },
  'a read lease of a file that is open for writing is EAGAIN': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EAGAIN').fcntl(fd, F.SETLEASE, LEASE.READ);
  },
  'a write lease of a file that is open elsewhere is EAGAIN': (fs) => {
    const other = fs.another();
    const fd = fs.open('f', rw);
    const theirs = other.open('f', O.RDONLY);
    fs.fails('EAGAIN').fcntl(fd, F.SETLEASE, LEASE.WRITE);
    other.close(theirs);
    fs.fcntl(fd, F.SETLEASE, LEASE.WRITE);
    equal(fs.fcntl(fd, F.GETLEASE), LEASE.WRITE);
  },
  'an open in the way is EWOULDBLOCK without waiting, and signals the holder': (fs) => {
    const other = fs.another();
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fcntl(fd, F.SETLEASE, LEASE.READ);
    other.fails('EAGAIN').open('f', O.WRONLY | O.NONBLOCK);
    equal(fs.takeSignal(), 29);
    fs.fcntl(fd, F.SETLEASE, LEASE.NONE);
    other.open('f', O.WRONLY | O.NONBLOCK);
  },
  'of a directory is EINVAL': (fs) => {
    const fd = fs.open('.', O.RDONLY);
    fs.fails('EINVAL').fcntl(fd, F.SETLEASE, LEASE.READ);
  },
  'of a stranger’s file is EACCES, root needs CAP_LEASE': asRoot((fs) => {
    fs.create('f', '', 0o644);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.RDONLY);
    alice.fails('EACCES').fcntl(fd, F.SETLEASE, LEASE.READ);
  }),
});
