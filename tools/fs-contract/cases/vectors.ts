// readv, writev and their kind; flags of single reads and writes; what synchronises.
import { deepEqual, equal } from 'node:assert/strict';
import { O, RWF, S, SEEK } from '../src/constants.ts';
import { rules } from '../src/rules.ts';
import { pattern } from './contents.ts';

const rw = O.RDWR | O.CREAT;
const vectorMax = 1024;

export const vectorRules = rules('vectors', {
  'readv fills its parts in order': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.readv(fd, [2, 0, 3]).toString(), 'conte');
    equal(fs.readv(fd, [1, 100]).toString(), 'nt');
    equal(fs.readv(fd, [5]).length, 0);
  },
  'readv of no parts is 0': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.readv(fd, []).length, 0);
    equal(fs.readv(fd, [7]).toString(), 'content');
  },
  'writev of no parts is 0': (fs) => {
    const fd = fs.open('f', rw);
    equal(fs.raw('writev', fd, [], 0), 0);
    equal(fs.raw('writev', fd, ['x'], 1), 1);
  },
  'readv and writev of 1,024 parts, more is EINVAL': (fs) => {
    const fd = fs.open('f', rw);
    const parts = Array.from({ length: vectorMax }, (_, n) => `${n % 10}`);
    equal(fs.raw('writev', fd, parts, vectorMax), vectorMax);
    equal(fs.content('f'), parts.join(''));
    fs.fails('EINVAL').raw('writev', fd, [...parts, 'x'], vectorMax + 1);
    fs.lseek(fd, 0, SEEK.SET);
    const lengths = parts.map(() => 1);
    equal(fs.readv(fd, lengths).toString(), parts.join(''));
    fs.fails('EINVAL').readv(fd, [...lengths, 1]);
  },
  'writev is one write: nobody comes between its parts': (fs) => {
    const other = fs.another();
    const [a, b] = [fs.open('f', rw | O.APPEND), other.open('f', O.WRONLY | O.APPEND)];
    for (let n = 0; n < 20; n++) {
      fs.writev(a, ['1', '2', '3']);
      other.writev(b, ['a', 'b']);
    }
    equal(fs.content('f'), '123ab'.repeat(20));
  },
  'writev of large parts across pages': (fs) => {
    const fd = fs.open('f', rw);
    const parts = [5000, 1, 70_000, 4096].map(pattern);
    equal(fs.writev(fd, parts), 79_097);
    deepEqual(fs.pread(fd, 80_000, 0), Buffer.concat(parts));
  },
  'preadv2 at offset -1 reads at the position and moves it': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.preadWith(fd, 3, -1, 0).toString(), 'con');
    equal(fs.read(fd, 9).toString(), 'tent');
  },
  'preadv2 at an offset leaves the position': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.preadWith(fd, 3, 4, 0).toString(), 'ent');
    equal(fs.read(fd, 3).toString(), 'con');
  },
  'preadv2 before -1 is EINVAL': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EINVAL').preadWith(fd, 1, -2, 0);
  },
  'preadv2 with RWF_HIPRI reads': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.preadWith(fd, 9, 0, RWF.HIPRI).toString(), 'content');
  },
  'preadv2 with RWF_APPEND or RWF_NOAPPEND together is EINVAL or refused': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').pwriteWith(fd, 'x', 0, RWF.APPEND | RWF.NOAPPEND);
    equal(fs.stat('f').size, 0);
  },
  'pwritev2 at offset -1 writes at the position and moves it': (fs) => {
    const fd = fs.open('f', rw);
    fs.write(fd, 'ab');
    equal(fs.pwriteWith(fd, 'cd', -1, 0), 2);
    fs.write(fd, 'ef');
    equal(fs.content('f'), 'abcdef');
  },
  'pwritev2 with RWF_DSYNC or RWF_SYNC writes': (fs) => {
    const fd = fs.open('f', rw);
    equal(fs.pwriteWith(fd, 'ab', 0, RWF.DSYNC), 2);
    equal(fs.pwriteWith(fd, 'cd', 2, RWF.SYNC), 2);
    equal(fs.content('f'), 'abcd');
  },
  'pwritev2 with RWF_APPEND at offset -1 moves the position to the end': (fs) => {
    fs.create('f', 'one');
    const fd = fs.open('f', O.WRONLY);
    fs.pwriteWith(fd, 'two', -1, RWF.APPEND);
    equal(fs.lseek(fd, 0, SEEK.CUR), 6);
    equal(fs.content('f'), 'onetwo');
  },
  'pwritev2 with RWF_APPEND at an offset leaves the position': (fs) => {
    fs.create('f', 'one');
    const fd = fs.open('f', O.WRONLY);
    fs.pwriteWith(fd, 'two', 1, RWF.APPEND);
    equal(fs.lseek(fd, 0, SEEK.CUR), 0);
    equal(fs.content('f'), 'onetwo');
  },
  'pwritev2 with RWF_NOAPPEND heeds the offset in spite of O_APPEND': (fs) => {
    fs.create('f', 'one');
    const fd = fs.open('f', O.WRONLY | O.APPEND);
    equal(fs.pwriteWith(fd, 'O', 0, RWF.NOAPPEND), 1);
    fs.write(fd, 'two');
    equal(fs.content('f'), 'Onetwo');
  },
  'O_DIRECT reads what was written without it, and the other way round': (fs) => {
    const [plain, direct] = [fs.open('f', rw), fs.open('f', rw | O.DIRECT)];
    const page = Buffer.alloc(4096, 'x');
    fs.pwrite(plain, page, 0);
    deepEqual(fs.pread(direct, 4096, 0), page);
    page.fill('y');
    fs.pwrite(direct, page, 0);
    deepEqual(fs.pread(plain, 4096, 0), page);
  },
  'O_DIRECT and a mapping show the same': (fs) => {
    const fd = fs.open('f', rw);
    fs.ftruncate(fd, 4096);
    const address = fs.mmap(fd, 4096, 3);
    fs.poke(address, 'stored');
    const direct = fs.open('f', O.RDWR | O.DIRECT);
    equal(fs.pread(direct, 4096, 0).subarray(0, 6).toString(), 'stored');
    fs.pwrite(direct, Buffer.alloc(4096, 'y'), 0);
    equal(fs.peek(address, 6).toString(), 'yyyyyy');
  },
  'O_DSYNC writes': (fs) => {
    const fd = fs.open('f', rw | O.DSYNC);
    equal(fs.write(fd, 'content'), 7);
    equal(fs.content('f'), 'content');
  },
  'a write of 2 MiB comes back as it was': (fs) => {
    const fd = fs.open('f', rw);
    const content = pattern(2 << 20);
    equal(fs.write(fd, content), 2 << 20);
    deepEqual(fs.pread(fd, (2 << 20) + 1, 0), content);
  },
  'a read moves the position by what it returned': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.lseek(fd, 5, SEEK.SET);
    equal(fs.read(fd, 100).length, 2);
    equal(fs.lseek(fd, 0, SEEK.CUR), 7);
  },
  'a read behind the end leaves the position': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.lseek(fd, 100, SEEK.SET);
    equal(fs.read(fd, 10).length, 0);
    equal(fs.lseek(fd, 0, SEEK.CUR), 100);
  },
});

export const syncRules = rules('sync', {
  'fsync and fdatasync of a file for reading only are allowed': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.fsync(fd);
    fs.fdatasync(fd);
    equal(fs.read(fd, 9).toString(), 'content');
  },
  'fsync and fdatasync of a directory are allowed': (fs) => {
    fs.create('f');
    const fd = fs.open('.', O.RDONLY);
    fs.fsync(fd);
    fs.fdatasync(fd);
    deepEqual(fs.list(), ['f']);
  },
  'fsync of a FIFO, a socket and a pipe is EINVAL': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fifo = fs.open('p', O.RDWR);
    fs.fails('EINVAL').fsync(fifo);
    fs.fails('EINVAL').fdatasync(fs.pipe()[0]);
    const socket = fs.listen('s');
    fs.fails('EINVAL').fsync(socket);
  },
  'fsync of a removed file is allowed': (fs) => {
    const fd = fs.open('f', rw);
    fs.write(fd, 'content');
    fs.unlink('f');
    fs.fsync(fd);
    equal(fs.pread(fd, 9, 0).toString(), 'content');
  },
  'fsync changes no times': (fs) => {
    const fd = fs.open('f', rw);
    fs.write(fd, 'content');
    fs.fsync(fd);
    equal(
      fs.touched('f', () => fs.fsync(fd)),
      '',
    );
    equal(fs.stat('f').size, 7);
  },
  'syncfs and sync keep what is there': (fs) => {
    const fd = fs.open('f', rw);
    fs.write(fd, 'content');
    equal(fs.raw('syncfs', fd), 0);
    equal(fs.content('f'), 'content');
  },
  'sync_file_range of a range before the beginning is EINVAL': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').raw('sync_file_range', fd, -1, 1, 2);
    fs.fails('EINVAL').raw('sync_file_range', fd, 0, -1, 2);
  },
  'sync_file_range of a FIFO is ESPIPE, of a directory allowed': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const [fifo, directory] = [fs.open('p', O.RDWR), fs.open('.', O.RDONLY)];
    fs.fails('ESPIPE').raw('sync_file_range', fifo, 0, 0, 2);
    equal(fs.raw('sync_file_range', directory, 0, 0, 2), 0);
  },
  'posix_fadvise of a FIFO is ESPIPE': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.fails('ESPIPE').raw('fadvise64', fd, 0, 0, 0);
  },
  'POSIX_FADV_DONTNEED loses nothing': (fs) => {
    const fd = fs.open('f', rw);
    fs.write(fd, pattern(100_000));
    for (const advice of [0, 1, 2, 3, 4, 5]) equal(fs.raw('fadvise64', fd, 0, 0, advice), 0);
    deepEqual(fs.pread(fd, 100_001, 0), pattern(100_000));
  },
  'readahead of a FIFO and a directory is EINVAL, of a file allowed': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const [fifo, directory] = [fs.open('p', O.RDWR), fs.open('.', O.RDONLY)];
    fs.fails('EINVAL').raw('readahead', fifo, 0, 1);
    fs.fails('EINVAL').raw('readahead', directory, 0, 1);
    fs.create('f', 'content');
    equal(fs.raw('readahead', fs.open('f', O.RDONLY), 0, 7), 0);
  },
});
