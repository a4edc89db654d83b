import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requirement, runCommand, temporaryDirectory } from '@ram/test-support';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const parent = temporaryDirectory('ram-latest-image-');
const directory = join(parent, 'pics');
mkdirSync(directory);

const fuse = requirement('FUSE', canOpenFuse(), 'there is no /dev/fuse for this user');

let child: ChildProcess;
let output: string;
let exited: Promise<number | null>;
let address: URL;
let cookie: string;

beforeEach(async () => {
  if (!fuse.available) return;
  output = '';
  child = spawn(process.execPath, [program, directory], { detached: true });
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  exited = new Promise((resolve) => child.once('exit', resolve));
  await expect.poll(() => output).toMatch(/Open http:.*Ctrl-C/s);
  address = new URL(/Open (\S+)/.exec(output)?.[1] ?? '');
  const { status, headers } = await ask(address.pathname + address.search);
  expect(status).toBe(303);
  cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
});

afterEach(async () => {
  if (!fuse.available) return;
  child.kill('SIGTERM');
  await exited;
  const { stdout } = await runCommand('cat', ['/proc/self/mountinfo']);
  expect(stdout).not.toContain(directory);
});

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = address;
    get({ host, port, path, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const { statusCode: status, headers } = incoming;
        resolve({ status, headers, body: Buffer.concat(chunks) });
      });
    }).on('error', reject);
  });
}

const look = (path: string): Promise<Answer> => ask(path, { cookie });
const statusOf = async (path: string): Promise<number | undefined> => (await look(path)).status;

/** Writes to the mount from another process. */
async function write(name: string, bytes: Buffer): Promise<void> {
  const result = await runCommand('tee', [join(directory, name)], { input: bytes });
  expect(result).toMatchObject({ code: 0, timedOut: false });
}

function paint(background: string, width = 320, height = 200): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

async function colorAt(jpeg: Buffer, x: number, y: number): Promise<string> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const start = (y * info.width + x) * 3;
  return [...data.subarray(start, start + 3)].map((value) => Math.round(value / 32)).join();
}

fuse.it('shows the newest picture that was closed, and its masked variant', async () => {
  expect(await statusOf('/pic.jpg')).toBe(404);
  expect(await statusOf('/pic_alt.jpg')).toBe(404);
  expect((await look('/')).body.toString()).toMatch(/pic\.jpg.*pic_alt\.jpg/s);

  const [red, blue] = [await paint('#f00'), await paint('#00f')];
  await write('red.jpg', red);
  await expect.poll(() => statusOf('/pic.jpg')).toBe(200);
  const first = await look('/pic.jpg');
  expect(first.headers).toMatchObject({
    'content-type': 'image/jpeg',
    'cache-control': 'no-cache',
  });
  expect(first.body.equals(red)).toBe(true);

  await write('blue.jpg', blue);
  await expect.poll(async () => (await look('/pic.jpg')).body.equals(blue)).toBe(true);
  const { body } = await look('/pic_alt.jpg');
  expect([await colorAt(body, 160, 100), await colorAt(body, 2, 2)]).toEqual(['0,0,8', '8,8,8']);
});

fuse.it('passes over what is no whole picture', async () => {
  const red = await paint('#f00');
  await write('red.jpg', red);
  await write('half.jpg', red.subarray(0, red.length / 2));
  await write('text.jpg', Buffer.from('<script>alert(1)</script>'));
  await write('empty.jpg', Buffer.alloc(0));
  const blue = await paint('#00f');
  await write('blue.jpg', blue);
  const seen = new Set<string>();
  const names = new Map([
    [red.toString('latin1'), 'red'],
    [blue.toString('latin1'), 'blue'],
  ]);
  const seeNext = async (): Promise<Set<string>> => {
    const { status, body } = await look('/pic.jpg');
    if (status === 200) seen.add(names.get(body.toString('latin1')) ?? 'something else');
    return seen;
  };
  await expect.poll(seeNext).toContain('blue');
  expect(seen).not.toContain('something else');
});

fuse.it('lets nobody in without the token, nor with another', async () => {
  await write('red.jpg', await paint('#f00'));
  for (const path of ['/', '/pic.jpg', '/pic_alt.jpg', '/page.js', '/?token=', '/?token=x', '//']) {
    expect([path, (await ask(path)).status]).toEqual([path, 403]);
    expect([path, (await ask(path, { cookie: 'token=x' })).status]).toEqual([path, 403]);
  }
  expect(await statusOf('/nothing')).toBe(404);
});

fuse.it('ends when it is unmounted from outside', async () => {
  const unmounted = await runCommand('fusermount3', ['-u', directory]);
  expect(unmounted).toMatchObject({ code: 0 });
  expect(await exited).toBe(0);
  expect(output).toMatch(/The disk is unmounted/);
});

fuse.it('ends with Ctrl-C, also while somebody looks', async () => {
  const looking = look('/').catch(() => {}); // it may end before it is answered
  child.kill('SIGINT');
  expect(await exited).toBe(0);
  await looking;
  expect(readdirSync(directory)).toEqual([]);
});

fuse.it('says what it needs', async () => {
  const result = await runCommand(process.execPath, [program]);
  expect(result).toMatchObject({ code: 2, stderr: expect.stringMatching(/^Usage: /) });
  const missing = await runCommand(process.execPath, [program, join(parent, 'missing')]);
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/missing can't be mounted/),
  });
});

it('is what its README says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const [, file = ''] of readme.matchAll(/\]\((src\/[^)]+)\)/g)) {
    expect(() => accessSync(new URL(`../${file}`, import.meta.url))).not.toThrow();
  }
});

function canOpenFuse(): boolean {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
