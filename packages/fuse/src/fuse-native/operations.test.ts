// What one request does, without a mount.
import { constants } from 'node:fs';
import nodeFs from 'node:fs';
import { temporaryDirectory } from '@ram/test-support';
import { beforeEach, describe, expect, it } from 'vitest';
import { toErrno } from './errno.ts';
import type { Files } from './files.ts';
import { Operations } from './operations.ts';

const folder = temporaryDirectory();
let root: string;
let operations: Operations;

beforeEach(() => {
  root = nodeFs.mkdtempSync(`${folder}/`);
  operations = new Operations({ files: nodeFs, root, xattr: undefined });
});

const names = () => nodeFs.readdirSync(root).toSorted();
const hiddenName = '/.fuse_hidden0000000200000001';
const bytes = Buffer.from('text');

describe('a file that is removed while it is open', () => {
  it('loses its name at the next request, and lives on under the hidden one', () => {
    const handle = operations.create('/file', 0o644);
    operations.rename('/file', hiddenName);
    expect(() => operations.getattr('/file')).toThrow(/ENOENT/);
    expect(names()).toEqual([]);
    operations.write(hiddenName, handle, bytes, 4, 0);
    expect(operations.getattr(hiddenName)).toMatchObject({ size: 4, nlink: 0 });
    operations.truncate(hiddenName, 2);
    operations.chmod(hiddenName, 0o600);
    expect(operations.fgetattr(handle)).toMatchObject({ size: 2, mode: 0o100600 });
    operations.release(handle);
    operations.unlink(hiddenName);
    expect(() => operations.getattr(hiddenName)).toThrow(/ENOENT/);
  });

  it('is replaced in one step by a rename', () => {
    operations.create('/old', 0o644);
    nodeFs.writeFileSync(`${root}/young`, 'young');
    operations.rename('/old', hiddenName);
    expect(names()).toEqual(['old', 'young']);
    operations.rename('/young', '/old');
    expect(nodeFs.readFileSync(`${root}/old`, 'utf8')).toBe('young');
    operations.getattr('/old');
    expect(names()).toEqual(['old']);
  });

  it('goes without another request', async () => {
    operations.create('/file', 0o644);
    operations.rename('/file', hiddenName);
    await expect.poll(names).toEqual([]);
  });

  it('keeps its directory, which may be renamed', () => {
    operations.mkdir('/a', 0o755);
    operations.create('/a/file', 0o644);
    operations.rename('/a/file', `/a${hiddenName}`);
    expect(() => operations.rmdir('/a')).toThrow('ENOTEMPTY');
    operations.rename('/a', '/b');
    expect(operations.getattr(`/b${hiddenName}`).nlink).toBe(0);
    operations.unlink(`/b${hiddenName}`);
    operations.rmdir('/b');
  });
});

it('a file that is not open may be given a name like those of hidden files', () => {
  nodeFs.writeFileSync(`${root}/file`, 'text');
  operations.rename('/file', hiddenName);
  expect(names()).toEqual([hiddenName.slice(1)]);
});

it('a write takes set-id bits away', () => {
  const handle = operations.create('/file', 0o6755);
  operations.write('/file', handle, bytes, 4, 0);
  expect(operations.getattr('/file').mode & 0o7777).toBe(0o755);
});

it('refuses offsets and sizes that are not exact numbers', () => {
  const handle = operations.create('/file', 0o644);
  expect(() => operations.write('/file', handle, bytes, 4, 2 ** 53)).toThrow('EFBIG');
  expect(() => operations.read(handle, bytes, 4, 2 ** 53)).toThrow('EOVERFLOW');
  expect(() => operations.truncate('/file', 2 ** 53)).toThrow('EFBIG');
  expect(() => operations.ftruncate(handle, 2 ** 63)).toThrow('EFBIG');
});

it('refuses names that are not UTF-8, and descriptors that it did not give', () => {
  expect(() => operations.create('/\uFFFD', 0o644)).toThrow('EILSEQ');
  expect(() => operations.getattr('/\uFFFD')).toThrow('ENOENT');
  expect(() => operations.symlink('\uFFFD', '/link')).toThrow('EILSEQ');
  expect(() => operations.fgetattr(0)).toThrow('EBADF');
  operations.release(0);
  expect(names()).toEqual([]);
});

it('reads on after a short read, since the kernel takes the rest for zeros', () => {
  const files: Files = {
    ...nodeFs,
    readSync: ((fd: number, buffer: Buffer, offset: number, length: number, position: number) =>
      nodeFs.readSync(fd, buffer, offset, Math.min(length, 3), position)) as Files['readSync'],
  };
  nodeFs.writeFileSync(`${root}/file`, '0123456789');
  operations = new Operations({ files, root, xattr: undefined });
  const buffer = Buffer.alloc(20);
  expect(operations.read(operations.open('/file', constants.O_RDONLY), buffer, 20, 1)).toBe(9);
  expect(buffer.toString('utf8', 0, 9)).toBe('123456789');
});

it('closes what was open when it ends, and answers ENODEV from then on', () => {
  const handle = operations.create('/file', 0o644);
  operations.close();
  expect(() => nodeFs.fstatSync(handle)).toThrow('EBADF');
  expect(() => operations.getattr('/file')).toThrow('ENODEV');
  operations.release(handle);
  operations.close();
});

describe('what calls cannot return', () => {
  it.each([
    ['readSync', -5],
    ['readSync', 1e9],
    ['readSync', 0.5],
    ['writeSync', 1e12],
    ['writeSync', undefined],
    ['openSync', '5'],
    ['openSync', -5],
    ['readlinkSync', Buffer.from('target')],
    ['readdirSync', 5],
    ['readdirSync', [undefined]],
    ['readdirSync', ['name']],
    ['readdirSync', [{ name: 'a/b' }]],
    ['readdirSync', [{ name: '' }]],
    ['readdirSync', [{ name: '.' }]],
    ['readdirSync', [{ name: '..' }]],
    ['readdirSync', [{ name: 'a\0b' }]],
    ['readdirSync', [{ name: 'é'.repeat(513) }]],
    ['readdirSync', [null]],
  ])('is a mistake: %s, %o', (call, value) => {
    const files = { ...nodeFs };
    operations = new Operations({ files, root, xattr: undefined });
    const handle = operations.create('/file', 0o644);
    Object.assign(files, { [call]: () => value });
    const requests: Record<string, () => unknown> = {
      readSync: () => operations.read(handle, bytes, 4, 0),
      writeSync: () => operations.write('/file', handle, bytes, 4, 0),
      openSync: () => operations.open('/file', constants.O_RDONLY),
      readlinkSync: () => operations.readlink('/file'),
      readdirSync: () => operations.readdir('/'),
    };
    expect(requests[call]).toThrow(`${call}() returned`);
  });

  it('a name is asked for once', () => {
    const answers = ['name', 'a/b'];
    const entry = {
      get name() {
        return answers.shift();
      },
      isFile: () => true,
    };
    const files = { ...nodeFs, readdirSync: () => [entry] } as unknown as Files;
    operations = new Operations({ files, root, xattr: undefined });
    expect(operations.readdir('/')).toEqual([{ name: 'name', type: constants.S_IFREG }]);
  });

  it('a descriptor that the kernel can not be given is closed: EMFILE', () => {
    const closed: number[] = [];
    const files = { ...nodeFs, openSync: () => 0, closeSync: (fd: number) => closed.push(fd) };
    operations = new Operations({ files: files as Files, root, xattr: undefined });
    expect(() => operations.open('/file', constants.O_RDONLY)).toThrow('EMFILE');
    expect(closed).toEqual([0]);
  });
});

describe('toErrno', () => {
  it.each([
    [{ code: 'ENOENT', errno: -2 }, -2],
    [{ code: 'EDQUOT' }, -122],
    [{ code: 'ERR_OUT_OF_RANGE' }, -5],
    [{ errno: -28 }, -28],
    [{ errno: 28 }, -28],
    [{ code: 'UNKNOWN', errno: -4094 }, -5],
    [{ errno: 0 }, -5],
    [new Error('what'), -5],
    ['text', -5],
    [null, -5],
  ])('of %j is %i', (error, errno) => {
    expect(toErrno(error)).toBe(errno);
  });
});
