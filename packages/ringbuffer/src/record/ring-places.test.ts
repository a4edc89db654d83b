import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  childNodeArguments,
  requirement,
  runCommand,
  runNode,
  temporaryDirectory,
} from '@ram/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { MpscRing, SpscRing, listRings, removeRing, ringStatus } from '../index.ts';
import { ringPath } from './ring-names.ts';

const directory = temporaryDirectory();
const packageDirectory = fileURLToPath(new URL('../..', import.meta.url));
const name = `test.${process.pid}`;
const path = ringPath(name);
const code = (value: string) => expect.objectContaining({ code: value });
const isRoot = requirement('root', process.getuid?.() === 0, 'it starts a process of another user');

afterEach(() => rmSync(path, { force: true }));

describe('a named ring', () => {
  it('is found by its name, until it is removed', () => {
    using ring = SpscRing.create(5000, { name });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    using other = SpscRing.open(name);
    expect(other.capacityBytes).toBe(8192);
    ring.producer().tryWrite(Buffer.from('hello'), 4);
    expect(other.consumer().tryReadRecord()).toEqual({ type: 4, bytes: Buffer.from('hello') });
    expect(listRings()).toContain(name);
    removeRing(name);
    expect(listRings()).not.toContain(name);
    expect(() => SpscRing.open(name)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'open', path }),
    );
    expect(() => removeRing(name)).toThrow(code('ENOENT'));
  });

  it('is made only where there is nothing', () => {
    SpscRing.create(4096, { name }).close();
    expect(() => SpscRing.create(4096, { name })).toThrow(code('EEXIST'));
    removeRing(name);
    symlinkSync(join(directory, 'elsewhere'), path);
    expect(() => SpscRing.create(4096, { name })).toThrow(code('EEXIST'));
    expect(existsSync(join(directory, 'elsewhere'))).toBe(false);
  });

  it('tells its state', () => {
    using ring = MpscRing.create(4096, { name });
    const producer = ring.producer();
    const expected = {
      name,
      kind: 'mpsc',
      capacityBytes: 4096,
      usedBytes: 48,
      consumer: 'none',
      producer: 'attached',
      producers: 1,
      ended: false,
      failed: false,
      lost: 0,
    };
    producer.tryWrite(new Uint8Array(20));
    expect(ringStatus(name)).toEqual(expected);
    producer.fail('over');
    expect(ringStatus(name)).toEqual({
      ...expected,
      producer: 'none',
      producers: 0,
      ended: true,
      failed: true,
    });
  });

  it('of the other kind says so', () => {
    MpscRing.create(4096, { name }).close();
    expect(() => SpscRing.open(name)).toThrow(code('ERR_RAM_RING_KIND'));
    MpscRing.open(name).close();
  });

  const damages: [title: string, code: string, damage: () => void][] = [
    ['is no ring', 'ERR_RAM_NOT_A_RING', () => overwrite(0, 5)],
    ['has another version', 'ERR_RAM_RING_VERSION', () => overwrite(4, 2)],
    ['has an unknown kind', 'ERR_RAM_RING_DAMAGED', () => overwrite(8, 3)],
    ['has a size that is no power of two', 'ERR_RAM_RING_DAMAGED', () => overwrite(12, 5000)],
    ['has another size than its file', 'ERR_RAM_RING_DAMAGED', () => overwrite(12, 8192)],
    ['is open to others', 'ERR_RAM_RING_OWNER', () => chmodSync(path, 0o644)],
    [
      'is an empty file',
      'ERR_RAM_NOT_A_RING',
      () => {
        rmSync(path);
        writeFileSync(path, '', { mode: 0o600 });
      },
    ],
    [
      'is a link',
      'ERR_RAM_NOT_A_RING',
      () => {
        linkSync(path, `${path}.target`);
        rmSync(path);
        symlinkSync(`${path}.target`, path);
        process.nextTick(() => rmSync(`${path}.target`, { force: true }));
      },
    ],
  ];
  for (const [title, expected, damage] of damages) {
    it(`is refused when it ${title}`, () => {
      SpscRing.create(4096, { name }).close();
      damage();
      expect(() => SpscRing.open(name)).toThrow(code(expected));
      expect(() => ringStatus(name)).toThrow(code(expected));
      expect(() => removeRing(name)).toThrow(code(expected));
      expect(listRings()).not.toContain(name);
    });
  }

  for (const wrong of ['', '.', '../x', 'a/b', 'x'.repeat(201), '-x', 'a b']) {
    it(`refuses the name ${JSON.stringify(wrong.slice(0, 9))}`, () => {
      expect(() => SpscRing.create(4096, { name: wrong })).toThrow(code('ERR_INVALID_ARG_VALUE'));
      expect(() => SpscRing.open(wrong)).toThrow(code('ERR_INVALID_ARG_VALUE'));
    });
  }
});

describe('a ring without a name', () => {
  it('is opened by a token, while it is open', () => {
    const ring = SpscRing.create(4096);
    const token = ring.token();
    SpscRing.fromToken(token).close();
    ring.close();
    expect(() => SpscRing.fromToken(token)).toThrow(code('ERR_RAM_NOT_A_RING'));
    expect(() => SpscRing.fromToken('/etc/passwd')).toThrow(code('ERR_INVALID_ARG_TYPE'));
  });

  it('is opened by a descriptor that a child inherits', async () => {
    using ring = SpscRing.create(4096);
    const program = `
      import { SpscRing } from '@ram/ringbuffer';
      const ring = SpscRing.fromDescriptor(3);
      ring.producer().write(Buffer.from('from the child'));
      ring.close();`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: packageDirectory,
      stdio: ['ignore', 'inherit', 'inherit', ring.descriptor],
    });
    const consumer = ring.consumer();
    const words: string[] = [];
    for await (const { bytes } of consumer) words.push(bytes.toString());
    expect(words).toEqual(['from the child']);
    if (child.exitCode === null) await once(child, 'exit');
  });

  it('is handed over through a unix socket, to this user only', async () => {
    using ring = SpscRing.create(4096);
    const socket = join(directory, 'socket');
    const server = await ring.serve(socket);
    using received = await SpscRing.receive(socket);
    ring.producer().tryWrite(Buffer.from('over'));
    expect(received.consumer().tryReadRecord()?.bytes.toString()).toBe('over');
    server.close();
    await expect(SpscRing.receive(socket)).rejects.toThrow(code('ENOENT'));
    expect(() => SpscRing.fromDescriptor(-1)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => SpscRing.fromDescriptor(9_999)).toThrow(code('EBADF'));
    const file = openSync(join(directory, 'file'), 'w+', 0o600);
    expect(() => SpscRing.fromDescriptor(file)).toThrow(code('ERR_RAM_NOT_A_RING'));
    closeSync(file);
  });

  isRoot.it('is closed to other users, who hold a descriptor of it', async () => {
    using ring = SpscRing.create(4096);
    const child = spawn('head', ['-c1', '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'pipe', ring.descriptor],
      uid: 65_534,
      gid: 65_534,
      cwd: '/',
    });
    const said = (await child.stderr?.toArray()) as Buffer[];
    expect(Buffer.concat(said).toString()).toContain('Permission denied');
  });

  isRoot.it('of another user is refused as such, by name and by token', async () => {
    using ring = SpscRing.create(4096, { name });
    const program = `
      import { SpscRing, listRings, removeRing, ringStatus } from '@ram/ringbuffer';
      const [name, token] = process.argv.slice(-2);
      const acts = [() => SpscRing.open(name), () => ringStatus(name), () => removeRing(name),
        () => SpscRing.fromToken(token)];
      for (const act of acts) try { act(); } catch ({ code }) { console.log(code); }
      console.log(listRings().includes(name));`;
    const result = await runNode(program, [name, ring.token()], {
      cwd: packageDirectory,
      uid: 65_534,
      gid: 65_534,
    });
    const lines = [...Array.from({ length: 4 }, () => 'ERR_RAM_RING_OWNER'), 'false', ''];
    expect(result).toMatchObject({ stderr: '', stdout: lines.join('\n') });
    chownSync(path, 65_534, 65_534);
    for (const act of [SpscRing.open, ringStatus, removeRing]) {
      expect(() => act(name)).toThrow(code('ERR_RAM_RING_OWNER'));
    }
    expect(listRings()).not.toContain(name);
  });

  isRoot.it('is not made where /dev/shm has no room, and others work on', async () => {
    const program = `
      import { SpscRing, listRings } from '@ram/ringbuffer';
      const small = SpscRing.create(4096, { name: 'small' });
      const producer = small.producer();
      const consumer = small.consumer();
      let code;
      try { SpscRing.create(65536, { name: 'large' }); } catch (error) { ({ code } = error); }
      for (let i = 0; i < 200; i++) {
        if (producer.tryWrite(new Uint8Array(100))) consumer.tryReadRecord();
      }
      console.log(code, listRings().join());`;
    const mount = 'mount -t tmpfs -o size=64k none /dev/shm && exec "$0" "$@"';
    const args = [...childNodeArguments, '--input-type=module', '--eval', program];
    const result = await runCommand(
      'unshare',
      ['--mount', 'sh', '-c', mount, process.execPath, ...args],
      { cwd: packageDirectory },
    );
    expect(result).toMatchObject({ stderr: '', stdout: 'ENOSPC small\n' });
  });

  it('leaves no descriptor behind', () => {
    SpscRing.create(4096).close();
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 50; round++) {
      const ring = SpscRing.create(4096);
      ring.producer();
      expect(ring.descriptor).toBeGreaterThan(2);
      ring.close();
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});

function overwrite(at: number, value: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Int32Array.of(value), 0, 4, at);
  closeSync(file);
}
