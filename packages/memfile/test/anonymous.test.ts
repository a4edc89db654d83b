import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import {
  addSeals,
  memoryOpen,
  memoryOpenSync,
  readSeals,
  receiveMemory,
  sendMemory,
} from '@ram/memfile';
import { childNodeArguments, requirement, runCommand, runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { namesIn, usePlace } from './place.ts';

const root = requirement('root', process.geteuid?.() === 0, 'it needs root to become another user');

describe('an anonymous file', () => {
  const place = usePlace();
  const anonymous = true as const;

  it('has no name but in /proc, and is 0600', async () => {
    await using file = await memoryOpen(place.at('file'), 'w+', { anonymous, mode: 0o666 });
    await file.write('hello');
    expect(namesIn(place)).toEqual({ disk: [], memory: [] });
    expect(file.target).toBe(`/proc/${process.pid}/fd/${file.fd}`);
    expect(readFileSync(file.target, 'utf8')).toBe('hello');
    expect((await file.stat()).mode & 0o777).toBe(0o600);
    const { stdout } = await runCommand('cat', [file.target]);
    expect(stdout).toBe('hello');
    await file.unlink();
    expect(await file.seals()).toEqual(['exec']);
  });

  it('is opened as its flags say', async () => {
    const appending = memoryOpenSync('x', 'a+', { anonymous });
    writeSync(appending, 'one');
    writeSync(appending, 'two', 0);
    const bytes = Buffer.alloc(10);
    expect(readSync(appending, bytes, 0, 10, 0)).toBe(6);
    closeSync(appending);
    const reading = memoryOpenSync('x', 'r', { anonymous });
    expect(() => writeSync(reading, 'x')).toThrow(expect.objectContaining({ code: 'EBADF' }));
    closeSync(reading);
  });

  it('cannot grow beyond maxBytes, whoever writes', async () => {
    await using file = await memoryOpen('x', 'w+', { anonymous, maxBytes: '8K' });
    expect((await file.stat()).size).toBe(8192);
    expect((await file.stat()).blocks).toBe(0);
    await file.write(Buffer.alloc(4096), 0, 4096, 4096);
    await expect(file.write('x', 8192)).rejects.toMatchObject({ code: 'EPERM' });
    await expect(file.truncate(8193)).rejects.toMatchObject({ code: 'EPERM' });
    const again = openSync(file.target, 'r+');
    expect(() => writeSync(again, 'x', 8192)).toThrow(expect.objectContaining({ code: 'EPERM' }));
    closeSync(again);
  });

  it('can be sealed at once and later', async () => {
    await using file = await memoryOpen('x', 'w+', { anonymous, seals: ['shrink'] });
    await file.write('for ever');
    await expect(file.truncate(1)).rejects.toMatchObject({ code: 'EPERM' });
    file.seal('write', 'seal');
    expect(file.seals().toSorted()).toEqual(['exec', 'seal', 'shrink', 'write']);
    await expect(file.write('x', 0)).rejects.toMatchObject({ code: 'EPERM' });
    expect(() => file.seal('grow')).toThrow(expect.objectContaining({ code: 'EPERM' }));
    expect(await file.readFile('utf8')).toBe('');
  });

  it('alone has seals', () => {
    writeFileSync(place.at('plain'), '');
    const fd = openSync(place.at('plain'), 'r+');
    const refused = expect.objectContaining({ code: 'ERR_RAM_MEMFILE_SEALS' });
    expect(() => addSeals(fd, ['write'])).toThrow(refused);
    expect(() => readSeals(fd)).toThrow(refused);
    closeSync(fd);
    expect(() => addSeals('x' as never, [])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('becomes a file on disk', async () => {
    await using file = await memoryOpen('x', 'w+', { anonymous });
    await file.write('kept');
    await file.persist(place.at('kept'));
    expect(readdirSync(place.disk)).toEqual(['kept']);
    await file.write('!');
    expect(readFileSync(place.at('kept'), 'utf8')).toBe('kept!');
    await expect(file.persist(place.at('kept'))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readdirSync(place.disk)).toEqual(['kept']);
  });

  it('is passed over a unix socket', async () => {
    await using file = await memoryOpen('x', 'w+', { anonymous });
    await file.write('from here');
    const server = createServer((socket) => {
      sendMemory(socket, file);
      socket.end();
    });
    await once(server.listen(place.at('socket')), 'listening');
    const fd = await receiveMemory(place.at('socket'));
    expect(readFileSync(`/proc/self/fd/${fd}`, 'utf8')).toBe('from here');
    expect(fstatSync(fd).ino).toBe((await file.stat()).ino);
    closeSync(fd);
    server.close();
    await once(server, 'close');
  });

  it('is closed when the worker that receives it ends', async () => {
    const program = new URL('child/end-receiving.ts', import.meta.url);
    const result = await runNode(program, [place.at('socket'), '3']);
    expect(result).toMatchObject({ code: 0, stdout: '0 left\n', stderr: '' });
  });

  it('waits only so long, and takes nothing else', async () => {
    const silent = createServer();
    await once(silent.listen(place.at('silent')), 'listening');
    const timeoutMs = 20;
    await expect(receiveMemory(place.at('silent'), { timeoutMs })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
    const talking = createServer((socket) => socket.on('error', () => {}).end('words'));
    await once(talking.listen(place.at('talking')), 'listening');
    await expect(receiveMemory(place.at('talking'))).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(receiveMemory(place.at('none'))).rejects.toMatchObject({ code: 'ENOENT' });
    for (const server of [silent, talking]) server.close();
  });

  it('is freed when its process is killed', async () => {
    const program = `
      import { memoryOpenSync } from '@ram/memfile';
      const fd = memoryOpenSync('x', 'w', { anonymous: true });
      console.log(fd);
      setInterval(() => {}, 1000);`;
    const args = [...childNodeArguments, '--input-type=module', '--eval', program];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = await once(child.stdout, 'data');
    const target = `/proc/${child.pid}/fd/${Number(text)}`;
    writeFileSync(target, 'written by another process');
    expect(readFileSync(target, 'utf8')).toBe('written by another process');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(lstatSync(target, { throwIfNoEntry: false })).toBeUndefined();
  });

  root.it('is closed to other users', async () => {
    await using file = await memoryOpen('x', 'w+', { anonymous });
    const { code } = await runCommand('cat', [file.target], { uid: 65_534, gid: 65_534 });
    expect(code).not.toBe(0);
  });

  root.it('is not passed to other users', async () => {
    await using file = await memoryOpen('x', 'w+', { anonymous });
    chmodSync(place.disk, 0o755);
    const server = createServer();
    await once(server.listen(place.at('socket')), 'listening');
    chmodSync(place.at('socket'), 0o666);
    const program = `require('node:net').connect(${JSON.stringify(place.at('socket'))}).resume()`;
    const stranger = runCommand(process.execPath, ['-e', program], { uid: 65_534, gid: 65_534 });
    const [socket] = (await once(server, 'connection')) as [Socket];
    expect(() => sendMemory(socket, file)).toThrow(expect.objectContaining({ code: 'EPERM' }));
    socket.end();
    expect(await stranger).toMatchObject({ code: 0, stderr: '' });
    server.close();
  });
});
