import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@ram/test-support';
import { afterEach, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/ram.js', import.meta.url));
const name = `cli.${process.pid}`;
const content = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7) & 0x7f));

const ram = (args: string[], input?: Uint8Array) =>
  runCommand(process.execPath, [bin, 'ring', ...args], input === undefined ? {} : { input });

afterEach(() => ram(['rm', name]));

describe('ram ring', () => {
  it('carries a stream from one process to another, and its end, again and again', async () => {
    const created = await ram(['create', name, '--size', '8K', '--json']);
    expect(JSON.parse(created.stdout)).toMatchObject({ name, kind: 'spsc', capacityBytes: 8192 });
    for (let round = 0; round < 2; round++) {
      const [written, read] = await Promise.all([
        ram(['write', name, '--json'], content),
        ram(['read', name]),
      ]);
      expect([written.stderr, read.stderr]).toEqual(['', '']);
      expect([written.code, read.code]).toEqual([0, 0]);
      expect(JSON.parse(written.stdout)).toEqual({ name, bytes: content.length });
      expect(read.stdout === content.toString()).toBe(true);
    }
  });

  it('collects what many writers write, until one ends it', async () => {
    await ram(['create', name, '--many']);
    for (const word of ['one ', 'two ']) await ram(['write', name], Buffer.from(word));
    await ram(['write', name, '--end'], Buffer.from('three'));
    expect((await ram(['read', name])).stdout).toBe('one two three');
  });

  it('prints records as lines of JSON', async () => {
    await ram(['create', name]);
    await ram(['write', name], Buffer.from('hello'));
    const { stdout } = await ram(['read', name, '--json']);
    expect(JSON.parse(stdout)).toEqual({ type: 0, length: 5, data: 'aGVsbG8=' });
  });

  it('shows what there is', async () => {
    await ram(['create', name, '--size', '64K']);
    const status = JSON.parse((await ram(['stat', name, '--json'])).stdout);
    expect(status).toMatchObject({ name, producer: 'none', consumer: 'none', usedBytes: 0 });
    expect((await ram(['stat', name])).stdout).toMatch(/NAME.*\n.*64 KiB +0 B +none +none +open\n/);
    const { rings } = JSON.parse((await ram(['ls', '--json'])).stdout);
    expect(rings).toContainEqual(status);
    expect((await ram(['rm', name])).code).toBe(0);
    expect((await ram(['ls'])).stdout).not.toContain(name);
  });

  it('tells the reader that the writer was killed', async () => {
    await ram(['create', name]);
    const writer = spawn(process.execPath, [bin, 'ring', 'write', name], { stdio: 'pipe' });
    const reader = spawn(process.execPath, [bin, 'ring', 'read', name], { stdio: 'pipe' });
    const errors: Buffer[] = [];
    reader.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    writer.stdin.write('some');
    expect(String((await once(reader.stdout, 'data'))[0])).toBe('some');
    writer.kill('SIGKILL');
    expect(await once(reader, 'close')).toEqual([1, null]);
    expect(Buffer.concat(errors).toString()).toBe('ram: The producer of the ring died\n');
  });

  const refusals: [title: string, args: string[], code: number, message: RegExp][] = [
    ['a ring that is not there', ['read', 'none'], 3, /there is no ring none\. .*ring create none/],
    ['to remove what is not there', ['rm', 'none'], 3, /there is no ring none/],
    ['a name that is a path', ['create', '../x'], 2, /must be up to 200 letters/],
    ['no size', ['create', 'x', '--size', 'big'], 2, /size/],
    ['too large a size', ['create', 'x', '--size', '2G'], 2, /must be >= 1 and <= 1073741824/],
    ['an unknown command', ['make', 'x'], 2, /unknown command|too many/],
  ];
  for (const [title, args, code, message] of refusals) {
    it(`refuses ${title}`, async () => {
      const result = await ram(args);
      expect(result.stderr).toMatch(message);
      expect(result.code).toBe(code);
    });
  }

  it('refuses a name that is taken, and a second reader', async () => {
    await ram(['create', name]);
    expect(await ram(['create', name])).toMatchObject({ code: 4 });
    const reader = spawn(process.execPath, [bin, 'ring', 'read', name], { stdio: 'ignore' });
    const isThere = async (): Promise<boolean> =>
      JSON.parse((await ram(['stat', name, '--json'])).stdout).consumer === 'attached';
    while (!(await isThere()));
    const second = await ram(['read', name]);
    expect([second.code, second.stderr]).toEqual([
      4,
      expect.stringContaining('a consumer already'),
    ]);
    reader.kill('SIGKILL');
    await once(reader, 'exit');
  });
});
