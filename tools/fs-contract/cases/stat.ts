// What stat, statx and statfs tell.
import { deepEqual, equal } from 'node:assert/strict';
import { AT, O, S, ST, STATX } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const rw = O.RDWR | O.CREAT;

export const statRules = rules('stat', {
  'needs no permission on the file': (fs) => {
    fs.create('f', 'content', 0);
    equal(fs.as('alice').stat('f').size, 7);
  },
  'of a file, by its name and by a descriptor, is the same': (fs) => {
    fs.create('f', 'content');
    deepEqual(fs.fstat(fs.open('f', O.RDONLY)), fs.stat('f'));
  },
  'of two names of a file is the same': (fs) => {
    fs.create('f', 'content');
    fs.link('f', 'g');
    deepEqual(fs.stat('g'), fs.stat('f'));
  },
  'of all files tells one device': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    fs.symlink('f', 'l');
    const { dev } = fs.stat('.');
    deepEqual([fs.stat('f').dev, fs.stat('d').dev, fs.lstat('l').dev], [dev, dev, dev]);
    equal(fs.stat('d').type, 'directory');
  },
  'tells another inode for every file': (fs) => {
    const inodes = new Set<bigint>();
    for (let n = 0; n < 50; n++) {
      fs.create(`f${n}`);
      inodes.add(fs.stat(`f${n}`).ino);
    }
    equal(inodes.size, 50);
  },
  'tells the inode that readdir tells': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    for (const { name, ino } of fs.readdir('.')) {
      if (!name.startsWith('.')) equal(ino, fs.stat(name).ino);
    }
    equal(fs.list().length, 2);
  },
  'follows a symbolic link, lstat tells of the link': (fs) => {
    fs.create('f', 'content');
    fs.symlink('f', 'l');
    equal(fs.stat('l').ino, fs.stat('f').ino);
    deepEqual([fs.lstat('l').type, fs.lstat('l').size], ['symlink', 1]);
  },
  'tells blocks of 512 bytes for what is there, not for holes': (fs) => {
    fs.create('f', 'x'.repeat(1 << 20));
    equal(fs.stat('f').blocks, 2048);
    fs.truncate('f', 1 << 30);
    equal(fs.stat('f').blocks, 2048);
  },
  'tells a size that grows with every write': (fs) => {
    const fd = fs.open('f', rw);
    for (let size = 1; size <= 20; size++) {
      fs.write(fd, 'x');
      equal(fs.stat('f').size, size);
    }
  },
  'tells the size that another process has just written': (fs) => {
    const other = fs.another();
    const fd = fs.open('f', rw);
    equal(other.stat('f').size, 0);
    for (let size = 1; size <= 20; size++) {
      fs.write(fd, 'x');
      equal(other.stat('f').size, size);
    }
  },
  'tells at once of chmod, chown and link by another process': asRoot((fs) => {
    const other = fs.another();
    fs.create('f');
    equal(fs.stat('f').mode, 0o644);
    other.chmod('f', 0o600);
    other.chown('f', 7, 8);
    other.link('f', 'g');
    const { mode, uid, gid, nlink } = fs.stat('f');
    deepEqual([mode, uid, gid, nlink], [0o600, 7, 8, 2]);
  }),
  'tells a block size that is a power of two': (fs) => {
    fs.create('f');
    const { blksize, size } = fs.stat('f');
    equal(size, 0);
    equal(blksize >= 512 && Number.isInteger(Math.log2(blksize)), true);
  },
  'tells times that never run ahead': (fs) => {
    fs.create('f');
    const now = BigInt(Date.now() + 1000) * 1_000_000n;
    const { atime, mtime, ctime } = fs.stat('f');
    equal(atime <= now && mtime <= now && ctime <= now && ctime > 0n, true);
  },
});

export const statxRules = rules('statx', {
  'tells at least what is asked for': (fs) => {
    fs.create('f', 'content');
    const { mask, size } = fs.statxWith('f', 0, STATX.SIZE);
    deepEqual([mask & STATX.SIZE, size], [STATX.SIZE, 7]);
  },
  'tells all basic fields, the time of birth and the mount': (fs) => {
    fs.create('f');
    const all = STATX.BASIC | STATX.BTIME | STATX.MNT_ID;
    equal(fs.statxWith('f', 0, all).mask & all, all);
  },
  'of nothing asked still finds the file, or does not': (fs) => {
    fs.create('f');
    fs.statxWith('f', 0, 0);
    fs.fails('ENOENT').statxWith('none', 0, 0);
  },
  'of a reserved bit is EINVAL': (fs) => {
    fs.create('f');
    fs.fails('EINVAL').statxWith('f', 0, STATX.RESERVED);
  },
  'with both ways to synchronise is EINVAL': (fs) => {
    fs.create('f');
    const both = AT.STATX_FORCE_SYNC | AT.STATX_DONT_SYNC;
    fs.fails('EINVAL').statxWith('f', both, STATX.BASIC);
  },
  'with AT_STATX_FORCE_SYNC tells the present': (fs) => {
    const other = fs.another();
    const fd = other.open('f', rw);
    fs.stat('f');
    other.write(fd, 'content');
    equal(fs.statxWith('f', AT.STATX_FORCE_SYNC, STATX.BASIC).size, 7);
  },
  'with AT_STATX_DONT_SYNC tells what is known': (fs) => {
    fs.create('f', 'content');
    equal(fs.statxWith('f', AT.STATX_DONT_SYNC, STATX.BASIC).size, 7);
  },
  'with AT_SYMLINK_NOFOLLOW tells of the link': (fs) => {
    fs.symlink('none', 'l');
    equal(fs.statxWith('l', AT.SYMLINK_NOFOLLOW, STATX.BASIC).type, 'symlink');
    equal(fs.statxWith('l', AT.SYMLINK_NOFOLLOW | AT.NO_AUTOMOUNT, STATX.BASIC).size, 4);
  },
  'tells one mount for all files, another for another mount': (fs) => {
    fs.create('f');
    const mountOf = (path: string) => fs.statxWith(path, 0, STATX.MNT_ID).mountId;
    equal(mountOf('f'), mountOf('.'));
    equal(mountOf(fs.elsewhere) === mountOf('.'), false);
  },
  'tells the number of a device': asRoot((fs) => {
    fs.mknod('c', S.IFCHR | 0o600, 0x103);
    equal(fs.statxWith('c', 0, STATX.BASIC).rdev, 0x103);
  }),
  'tells the time of birth, which stays': (fs) => {
    fs.create('f');
    const { btime } = fs.statxWith('f', 0, STATX.BTIME);
    fs.tick();
    fs.pwrite(fs.open('f', O.WRONLY), 'x', 0);
    equal(fs.statxWith('f', 0, STATX.BTIME).btime, btime);
    equal(btime > 0n, true);
  },
});

export const statfsMoreRules = rules('statfs', {
  'of a descriptor is as of its name': (fs) => {
    fs.create('f');
    const [byName, byDescriptor] = [fs.statfs('f'), fs.fstatfs(fs.open('f', O.RDONLY))];
    deepEqual([byDescriptor.blocks, byDescriptor.type], [byName.blocks, byName.type]);
    equal(byName.blocks > 0, true);
  },
  'of a descriptor whose file has no name any more': (fs) => {
    const fd = fs.open('f', rw);
    fs.unlink('f');
    equal(fs.fstatfs(fd).nameMax, 255);
  },
  'tells how many files there may be, and one less with each': asRoot((fs) => {
    const { files, filesFree } = fs.statfs('.');
    for (let n = 0; n < 10; n++) fs.create(`f${n}`);
    equal(fs.statfs('.').filesFree <= filesFree, true);
    equal(filesFree <= files && files > 0, true);
  }),
  'has more available after unlink': asRoot((fs) => {
    fs.create('f', Buffer.alloc(4 << 20, 'x'));
    const before = fs.statfs('.').blocksFree;
    fs.unlink('f');
    let { blocksFree } = fs.statfs('.');
    // A mount may hear a little late that nobody has the file open any more.
    for (let n = 0; n < 300 && blocksFree < before + 1000; n++) ({ blocksFree } = fs.statfs('.'));
    equal(blocksFree >= before + 1000, true);
  }),
  'tells fragments as large as blocks, and no flags of a plain mount': (fs) => {
    const { blockSize, fragmentSize, flags = 0 } = fs.fstatfs(fs.open('.', O.RDONLY));
    deepEqual([fragmentSize, blockSize], [4096, 4096]);
    equal(flags & ST.RDONLY, 0);
  },
  'follows symbolic links': (fs) => {
    fs.symlink(fs.elsewhere, 'l');
    equal(fs.statfs('l').type, fs.statfs(fs.elsewhere).type);
    equal(fs.statfs('l').blocks, fs.statfs(fs.elsewhere).blocks);
    fs.create('f');
    equal(fs.statfs('f').nameMax, 255);
  },
});
