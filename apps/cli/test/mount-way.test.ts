// ram mount --io, --transport and --kernel: how a disk is mounted, and what status tells of it.
import { join } from 'node:path';
import { holdIoUring, ioUringMounts } from '@ram/test-support';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createSandbox, fuse, root } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox('self');
  await sandbox.shell('mkdir one');
});
afterEach(() => sandbox.clear());
afterAll(() => sandbox.dispose());

async function mountOne(...flags: string[]) {
  const directory = join(sandbox.directory, 'one');
  const args = ['mount', directory, '--size', '32M', '--json', ...flags];
  return JSON.parse((await sandbox.ram(...args)).stdout);
}

async function statusOfOne(): Promise<string> {
  return (await sandbox.ram('status', 'one')).stdout;
}

fuse.it('moves bytes as it is told, and over /dev/fuse unless it is told', async () => {
  const { disk } = await mountOne('--io', 'direct');
  expect(disk).toMatchObject({ io: { mode: 'direct' }, transport: 'device' });
  expect(disk.protocol).toMatch(/^7\.\d+$/);
  expect(await statusOfOne()).toMatch(/ direct +\d+ /);
});

fuse.it('mounts as an older kernel would, and says what that lacks', async () => {
  const { disk, notices } = await mountOne('--io', 'passthrough', '--kernel', '5.15');
  expect(notices).toEqual([expect.stringMatching(/the disk is cached: .*needs Linux 6\.9/)]);
  expect(disk).toMatchObject({
    io: { mode: 'cached', reason: expect.stringMatching(/needs Linux 6\.9/) },
    transport: 'device',
    protocol: '7.34',
  });
  expect((await sandbox.shell('echo hello > one/a && cat one/a')).stdout).toBe('hello\n');
});

root.it('gives the mount the rights that it is told', async () => {
  const optionsOfOne = async (): Promise<string> =>
    (await sandbox.shell('grep " $PWD/one " /proc/self/mountinfo')).stdout;
  const plain = await mountOne();
  expect(plain.disk).toMatchObject({ allowOther: true, suid: false, dev: false, locks: 'kernel' });
  expect(await optionsOfOne()).toMatch(/ rw,nosuid,nodev,.*allow_other/);
  await sandbox.clear();
  const { disk } = await mountOne('--suid', '--dev', '--no-allow-other', '--default-permissions');
  expect(disk).toMatchObject({ allowOther: false, suid: true, dev: true });
  const { disks } = JSON.parse((await sandbox.ram('status', 'one', '--json')).stdout);
  expect(disks[0].details).toMatchObject({ suid: true, dev: true, locks: 'kernel' });
  const options = await optionsOfOne();
  expect(options).toMatch(/default_permissions/);
  expect(options).not.toMatch(/nosuid|nodev|allow_other/);
  await sandbox.clear();
  await mountOne('--no-default-permissions');
  expect(await optionsOfOne()).not.toMatch(/default_permissions/);
});

fuse.it('hides what is in the directory, when told', async () => {
  await sandbox.shell('touch one/hidden');
  const { disk } = await mountOne('--nonempty', '--locks', 'volume');
  expect(disk).toMatchObject({ phase: 'mounted', locks: 'volume' });
  const locked = await sandbox.shell('touch one/a && flock -n one/a echo locked && ls one');
  expect(locked).toMatchObject({ stdout: 'locked\na\n', stderr: '' });
  await sandbox.clear();
  expect((await sandbox.shell('ls one && rm one/hidden')).stdout).toBe('hidden\n');
});

root.it('names what is mounted on a disk that is to go', async () => {
  await mountOne();
  const inner = join(sandbox.directory, 'one', 'a b');
  await sandbox.shell('mkdir "one/a b" && mount -t tmpfs none "one/a b"');
  const { code, stderr } = await sandbox.ram('umount', 'one', '--yes');
  expect(code).toBe(4);
  expect(stderr).toMatch(
    `one is in use: other file systems are mounted on it, at '${inner}'. ` +
      `Unmount them first: umount '${inner}'\n`,
  );
  const asked = await sandbox.ram('umount', 'one', '--force');
  expect(asked).toMatchObject({ code: 6, stderr: expect.stringContaining(inner) });
  const forced = await sandbox.ram('umount', 'one', '--force', '--yes');
  const notice = `ram: what was mounted on it is gone as well: '${inner}'\n`;
  expect(forced).toMatchObject({ code: 0, stderr: notice });
  expect((await sandbox.run('cat', ['/proc/self/mountinfo'])).stdout).not.toContain(inner);
});

root.it('says what is missing where io_uring is off', async () => {
  const directory = join(sandbox.directory, 'one');
  const args = ['mount', directory, '--transport', 'io_uring', '--json'];
  const { code, stdout } = await sandbox.ram(...args);
  // Another test may have it switched on meanwhile.
  if (code === 0) {
    expect(JSON.parse(stdout)).toMatchObject({ disk: { transport: 'io_uring' } });
    return;
  }
  expect(code).toBe(5);
  expect(JSON.parse(stdout).error).toMatchObject({
    code: 'ERR_RAM_NO_IO_URING',
    hint: expect.stringMatching(/ram doctor/),
  });
  expect(JSON.parse((await sandbox.ram('status', '--json')).stdout).disks).toEqual([]);
});

ioUringMounts.it('mounts over io_uring, with passthrough too', async () => {
  const letGo = holdIoUring();
  try {
    const { disk } = await mountOne('--transport', 'io_uring', '--io', 'passthrough');
    expect(disk).toMatchObject({ io: { mode: 'passthrough' }, transport: 'io_uring' });
    expect(await statusOfOne()).toMatch(/ passthrough, io_uring +\d+ /);
    const copy = await sandbox.shell(
      'head -c 1M /dev/urandom > one/a && cp one/a one/b && cmp one/a one/b',
    );
    expect(copy).toMatchObject({ code: 0, stderr: '' });
  } finally {
    letGo();
  }
});

it.each([
  [['--io', 'fast'], 'passthrough, cached, direct'],
  [['--transport', 'pigeon'], 'device, io_uring'],
  [['--kernel', '5.10'], '5.15, 6.1, 6.18'],
  [['--kernel', '6.1', '--transport', 'io_uring'], 'Leave one'],
  [['--locks', 'mine'], 'kernel, volume'],
  [['--suid', '--no-default-permissions'], '--no-allow-other'],
  [['--dev', '--no-default-permissions', '--allow-other'], '--no-allow-other'],
])('refuses %j and names what there is', async (flags, expected) => {
  const { code, stderr } = await sandbox.ram('mount', join(sandbox.directory, 'one'), ...flags);
  expect(code).toBe(2);
  expect(stderr).toContain(expected);
});
