// `unshare -Ur` of a plain user: root there, but not of /run and /var/log.
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@ram/test-support';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createSandbox, ramProgram, root } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const firstPids = requirement(
  'the first namespace of pids',
  root.available && readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]',
  'this is a container, or the tests do not run as root',
);

root.describe('ram in a user namespace', () => {
  let sandbox: Sandbox;
  let directory: string;
  beforeAll(async () => {
    sandbox = await createSandbox('plain');
    directory = join(sandbox.directory, 'disk');
    await sandbox.shell('mkdir disk');
  });
  afterEach(() => sandbox.clear());
  afterAll(() => sandbox.dispose());

  const inside = (how: string, args: string[], env: Record<string, string> = {}) =>
    sandbox.run('unshare', [how, process.execPath, ramProgram, ...args], { env });

  const itsLine = (): RegExp => new RegExp(`^disk +${directory} +mounted `, 'm');

  it('finds places that can be written, and mounts there', async () => {
    const { code, stdout } = await inside('-Urm', ['doctor', '--json']);
    expect(code).toBe(0);
    const places = { sockets: sandbox.runtime, logs: sandbox.logs };
    expect(JSON.parse(stdout)).toMatchObject({ canMount: true, places });
    const mounted = await inside('-Urm', ['mount', directory, '--size', '16M']);
    expect(mounted).toMatchObject({ code: 0, stderr: '' });
    // Only in there; the server is the user's.
    expect((await sandbox.ram('status')).stdout).toMatch(itsLine());
    expect(await sandbox.ram('umount', 'disk')).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(sandbox.runtime)).toEqual([]);
  });

  it('needs no XDG_RUNTIME_DIR and no home', async () => {
    const env = { XDG_RUNTIME_DIR: '', HOME: '/nonexistent' };
    const { stdout } = await inside('-Ur', ['doctor', '--json'], env);
    const place = `/tmp/ram-${sandbox.uid}`;
    expect(JSON.parse(stdout).places).toMatchObject({ sockets: place, logs: `${place}/log` });
  });

  it('says where it may mount', async () => {
    const doctor = await inside('-Ur', ['doctor']);
    expect(doctor).toMatchObject({ code: 1, stdout: expect.stringContaining('unshare -Urm, not') });
    const mounted = await inside('-Ur', ['mount', directory]);
    expect(mounted).toMatchObject({ code: 5, stderr: expect.stringContaining('unshare -Urm') });
    expect(readdirSync(sandbox.runtime)).toEqual([]);
  });

  // From a namespace in another one, such as a container's, that one can't be seen.
  firstPids.it('leaves the disks alone of servers whose pids it does not know', async () => {
    await sandbox.shell('mkdir -p other');
    expect(await sandbox.ram('mount', directory, '--size', '16M')).toMatchObject({ code: 0 });
    const within = ['-Urmpf', '--mount-proc', process.execPath, ramProgram];
    const status = await sandbox.run('unshare', [...within, 'status']);
    expect(status.stdout).toMatch(itsLine());
    const other = [...within, 'mount', join(sandbox.directory, 'other'), '--size', '16M'];
    await sandbox.run('unshare', other);
    expect((await sandbox.ram('status')).stdout).toMatch(itsLine());
    expect(await sandbox.ram('umount', 'disk')).toMatchObject({ code: 0, stderr: '' });
    // The other one's server ended with its namespace.
    expect((await sandbox.ram('status')).stdout).toMatch('No RAM disks');
    expect(readdirSync(sandbox.runtime)).toEqual([]);
  });

  // Without a map (-U) strangers have the same number as the user.
  it.each(['-Ur', '-U'])("takes nothing that is a stranger's, with unshare %s", async (how) => {
    for (const stranger of ['/etc', '/root/x']) {
      const { code, stderr } = await inside(how, ['status'], { RAM_RUNTIME_DIR: stranger });
      expect([code, stderr]).toEqual([5, expect.stringContaining(stranger)]);
    }
    expect(await inside(how, ['status'])).toMatchObject({ code: 0, stderr: '' });
  });
});
