// The driver fuse-native: what programs see, what it refuses, how its mounts end.
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  childNodeArguments,
  holdFuseDevice,
  requirement,
  runCommand,
  runNode,
} from '@ram/test-support';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { mountState, unmountDirectory } from '../src/index.ts';
import { Server, childProgram, isMountPoint, makeFolder, programPath } from './support.ts';
import { rootMounts, run, withClosedDevice } from './support.ts';

const reason = whyNot();
const fuseNative = requirement('the driver fuse-native', reason === undefined, reason ?? '');

function whyNot(): string | undefined {
  if (!rootMounts.available) return 'it takes root and /dev/fuse';
  const require = createRequire(import.meta.url);
  const nodeGypBuild = require('node-gyp-build') as (folder: string) => unknown;
  try {
    nodeGypBuild(require.resolve('fuse-native/package.json').replace('/package.json', ''));
    return undefined;
  } catch (error) {
    return `its addon does not load (apt-get install libfuse2): ${String(error)}`;
  }
}

function runChild(name: string, ...args: string[]) {
  return runNode(childProgram(`fuse-native-${name}.ts`), args);
}

function serve(folder: string, source: string, options: object, user = {}) {
  const args = [folder, source, JSON.stringify(options)];
  return Server.startProgram('fuse-native-serve.ts', args, user);
}

/** What each source can't do, against tmpfs. README.md lists the same. */
const limits = {
  'not UTF-8': 'EILSEQ',
  fifo: 'EPERM',
  'its directory removed': 'ENOTEMPTY',
  nanoseconds: '(1000000000123000000, 1500000000987000000)',
  'before 1970': '(0, 0)',
  'other owner': '(None, 0)',
};
const noAttributes = { xattr: 'ENOTSUP' };
const ofMemfs = {
  '256 bytes': 'None',
  symlink: "(None, 'b', 'new text', 0)",
  'set-group-id directory': "(None, None, None, None, None, 0, '0o40777')",
  'beyond 2^31': 'EIO',
};

let memory: string;
afterEach(() => {
  if (memory) rmSync(memory, { recursive: true, force: true });
});

describe.each([
  ['volume', { xattrs: true }, limits],
  ['volume', { xattrs: true, io: 'direct' }, { ...limits, mmap: 'ENODEV' }],
  ['volume', { cacheTimeoutMs: 0, defaultPermissions: true }, { ...limits, ...noAttributes }],
  ['node:fs', { xattrs: true }, { ...limits, ...noAttributes }],
  ['memfs', {}, { ...limits, ...noAttributes, ...ofMemfs }],
] as const)('%s with %j', (source, options, differences) => {
  fuseNative.it('behaves as tmpfs does, but for its limits', async () => {
    memory = mkdtempSync('/dev/shm/ram-fuse-');
    const reference = `${memory}/reference`;
    const root = `${memory}/root`;
    for (const folder of [reference, root]) mkdirSync(folder);
    const folder = makeFolder();
    const given = source === 'node:fs' ? { ...options, root } : options;
    const server = await serve(folder, source, given);
    const expected = outcomes(await run('python3', [programPath('table.py'), reference]));
    const found = outcomes(await run('python3', [programPath('table.py'), folder]));
    await server.stop();
    expect(found).toEqual({ ...expected, ...differences });
  });
});

function outcomes(output: string): Record<string, string> {
  const lines = output.trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(' → ') as [string, string]));
}

fuseNative.it('writes 128 KiB in a request', async () => {
  const folder = makeFolder();
  const server = await serve(folder, 'volume', {});
  await run('dd', ['if=/dev/zero', `of=${folder}/file`, 'bs=1M', 'count=4']);
  const stats = await server.stop();
  expect(stats.requests.write).toBe(32);
  expect(stats).toMatchObject({ maxWriteBytes: 131_072, errors: 0 });
});

fuseNative.it('flags of the mount are as asked', async () => {
  const folder = makeFolder();
  const server = await serve(folder, 'volume', { readOnly: true, name: 'a disk, \\ "mine"' });
  const mounts = await run('cat', ['/proc/mounts']);
  const line = mounts.split('\n').find((text) => text.includes(folder)) ?? '';
  expect(line).toMatch(/^a\\040disk,\\040\\134\\040"mine" \S+ fuse\.ram ro,nosuid,nodev,/);
  expect(line).toContain('default_permissions,allow_other');
  await expect(run('touch', [`${folder}/x`])).rejects.toThrow(/Read-only/);
  await server.stop();
});

fuseNative.it('tells the kernel what a call threw, and EIO for what means nothing', async () => {
  const folder = makeFolder();
  memory = mkdtempSync('/dev/shm/ram-fuse-');
  await run('ln', ['-s', 'target', `${memory}/link`]);
  const server = await serve(folder, 'broken', { root: memory });
  expect((await runCommand('cp', ['/proc/version', `${folder}/x`])).stderr).toMatch(/quota/);
  expect((await runCommand('readlink', ['-v', `${folder}/link`])).stderr).toMatch(/Input\/output/);
  await expect(server.stop()).resolves.toMatchObject({ errors: 2 });
});

fuseNative.it('lives on when a call returns what it cannot', async () => {
  const folder = makeFolder();
  memory = mkdtempSync('/dev/shm/ram-fuse-');
  for (const name of ['file', 'closed']) writeFileSync(`${memory}/${name}`, 'text');
  const server = await serve(folder, 'lying', { root: memory });
  for (const command of ['cat file', 'echo text >>file', 'ls', 'cat closed']) {
    const { stderr } = await runCommand('sh', ['-c', command], { cwd: folder });
    expect(stderr, command).toMatch(/Input\/output|I\/O error/);
  }
  expect(await server.stop()).toHaveProperty('errors');
});

fuseNative.it('refuses what cannot work, and leaves no mount', async () => {
  const { stdout, stderr } = await runChild('misuse', makeFolder());
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    'in a worker: ERR_RAM_MAIN_THREAD_ONLY',
    'inside itself: ERR_INVALID_ARG_VALUE',
    'inside its root: ERR_INVALID_ARG_VALUE',
    'no such root: ENOENT',
    'root is a file: ENOTDIR',
    'no file system: ERR_INVALID_ARG_VALUE',
    'no stats: ERR_INVALID_ARG_VALUE',
    'no stats: ERR_INVALID_ARG_VALUE',
    'no object: ERR_INVALID_ARG_TYPE',
    'threads: ERR_INVALID_ARG_VALUE',
    'passthrough: ERR_INVALID_ARG_VALUE',
    'timeout: ERR_OUT_OF_RANGE',
    'unknown driver: ERR_INVALID_ARG_VALUE',
    'long directory: ERR_INVALID_ARG_VALUE',
    'mounted: false',
  ]);
});

describe.each([
  ['return', 0],
  ['process-exit', 3],
  ['busy-exit', 3],
  ['throw', 1],
] as const)('a process that ends by %s', (way, code) => {
  fuseNative.it('leaves no mount behind, and installed no signal handler', async () => {
    const folder = makeFolder();
    const result = await runChild('end', folder, way);
    expect(result.stdout).toBe('mounted, no signal handlers\n');
    expect({ code: result.code, timedOut: result.timedOut }).toEqual({ code, timedOut: false });
    expect(isMountPoint(folder)).toBe(false);
  });
});

fuseNative.it('a process that exits while its mount begins leaves none behind', async () => {
  const folder = makeFolder();
  const result = await runChild('end', folder, 'exit-while-mounting');
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 3, stdout: '' });
  expect(isMountPoint(folder)).toBe(false);
});

fuseNative.it('what was mounted in its place stays when its server exits', async () => {
  const folder = makeFolder();
  const result = await runChild('end', folder, 'replaced-exit');
  expect({ code: result.code, timedOut: result.timedOut }).toEqual({ code: 3, timedOut: false });
  expect(await mountState(folder)).toBe('other');
});

describe.each([
  ['force', 'EBUSY, then over\n'],
  ['unmounted-by-hand', 'over\n'],
  ['child', 'child holds it: false\n'],
])('a mount that ends by %s', (way, output) => {
  fuseNative.it('is over for its process, and no program that it starts holds it', async () => {
    const folder = makeFolder();
    const result = await runChild('end', folder, way);
    expect(result.stdout).toBe(`mounted, no signal handlers\n${output}`);
    expect({ code: result.code, timedOut: result.timedOut }).toEqual({ code: 0, timedOut: false });
    expect(isMountPoint(folder)).toBe(false);
  });
});

fuseNative.it('a process that hangs on its own mount is freed from outside', async () => {
  const folder = makeFolder();
  const server = await Server.startProgram('fuse-native-end.ts', [folder, 'own-call']);
  expect(await mountState(folder)).toBe('unresponsive');
  await unmountDirectory(folder, { force: true });
  await server.exited;
  expect(server.output).toMatch(/E(?:NOTCONN|CONNABORTED)\n$/);
  expect(isMountPoint(folder)).toBe(false);
});

fuseNative.it('a killed server leaves a dead mount, which the next one replaces', async () => {
  const folder = makeFolder();
  const killed = await serve(folder, 'volume', {});
  killed.kill();
  await killed.exited;
  expect(await mountState(folder)).toBe('dead');
  const server = await serve(folder, 'volume', {});
  await server.stop();
  expect(await mountState(folder)).toBe('free');
});

fuseNative.it('a hundred rounds leak neither descriptors nor threads', async () => {
  const { stdout, stderr } = await runChild('rounds', makeFolder(), '100');
  expect(stderr).toBe('');
  const { before, after } = JSON.parse(stdout);
  expect(after).toEqual(before);
});

fuseNative.it('without the package it says what to install', async () => {
  const manifest = createRequire(import.meta.url).resolve('fuse-native/package.json');
  const said = await serveHiding(dirname(manifest), makeFolder());
  expect(said).toContain('ERR_RAM_NO_FUSE_NATIVE');
  expect(said).toContain('npm install fuse-native@2.2.6');
});

fuseNative.it('without libfuse 2 it says what to install', async () => {
  const find = "readlink -f $(ldconfig -p | sed -n 's/.*libfuse.so.2 .*=> //p' | head -1)";
  const said = await serveHiding((await run('bash', ['-c', find])).trim(), '/dev/null');
  expect(said).toContain('ERR_RAM_NO_LIBFUSE');
  expect(said).toContain('apt-get install libfuse2');
});

/** Mounts where `path` is covered by `other`, in its own mount namespace; returns the error. */
async function serveHiding(path: string, other: string): Promise<string> {
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const serving = [...childNodeArguments, fileURLToPath(childProgram('fuse-native-serve.ts'))];
  const command = [process.execPath, ...serving, makeFolder()];
  const args = ['-m', 'bash', '-c', script, 'bash', other, path, ...command];
  return (await runCommand('unshare', args)).stderr;
}

fuseNative.describe('a plain user', () => {
  let closeDevice = (): void => {};
  beforeAll(() => {
    closeDevice = holdFuseDevice();
  });
  afterAll(() => closeDevice());
  const user = { uid: 65534, gid: 65534 };

  fuseNative.it('mounts, works and unmounts', async () => {
    const folder = makeFolder();
    chownSync(folder, user.uid, user.gid);
    const server = await serve(folder, 'volume', { name: 'odd, \\ name' }, user);
    const write = `echo text > ${folder}/file && cat ${folder}/file && stat -c %u ${folder}/file`;
    expect(await run('sh', ['-c', write], { uid: user.uid })).toBe('text\n65534\n');
    await server.stop();
    expect(isMountPoint(folder)).toBe(false);
  });

  fuseNative.it('is told what stands in the way', async () => {
    const folder = makeFolder(); // of root
    await expect(serve(folder, 'volume', {}, user)).rejects.toThrow(/ERR_RAM_MOUNT_DENIED/);
    chownSync(folder, user.uid, user.gid);
    await expect(serve(folder, 'volume', { allowOther: true }, user)).rejects.toThrow(
      /user_allow_other/,
    );
    await expect(serve(folder, 'volume', { suid: true }, user)).rejects.toThrow(
      /ERR_RAM_MOUNT_DENIED/,
    );
    const args = [folder, 'volume', '{}'];
    const started = Server.startProgram('fuse-native-serve.ts', args, {}, withClosedDevice());
    await expect(started).rejects.toThrow(/chmod 666/);
  });
});
