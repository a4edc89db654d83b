// Mounts of a user without privileges, through fusermount3.
import { chownSync, existsSync } from 'node:fs';
import {
  childNodeArguments,
  holdFuseDevice,
  requirement,
  runCommand,
  runNode,
} from '@ram/test-support';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mountState, unmountDirectory } from '../src/index.ts';
import { connectionOf, expectNothingLeft } from './left-over.ts';
import {
  Server,
  childProgram,
  isMountPoint,
  makeFolder,
  programPath,
  rootMounts,
  run,
  withClosedDevice,
} from './support.ts';

const nobody = 65534;
const user = { uid: nobody, gid: nobody };
const helper = requirement(
  'mounting as a plain user',
  rootMounts.available && existsSync('/usr/bin/fusermount3'),
  'needs fusermount3 (apt-get install fuse3), and root to become another user',
);

helper.describe('a plain user', () => {
  let closeDevice = (): void => {};
  beforeAll(() => {
    closeDevice = holdFuseDevice();
  });
  afterAll(() => closeDevice());

  function ownFolder() {
    const folder = makeFolder();
    chownSync(folder, nobody, nobody);
    return folder;
  }

  it('mounts, works and unmounts', async () => {
    const folder = ownFolder();
    const server = await Server.start(folder, { name: 'odd, \\ name' }, {}, user);
    const write = `echo text > ${folder}/file && cat ${folder}/file && mkdir ${folder}/d`;
    expect(await run('sh', ['-c', write], { uid: nobody })).toBe('text\n');
    expect(await run('stat', ['-c', '%u', `${folder}/file`], { uid: nobody })).toBe('65534\n');
    await server.stop();
    expect(isMountPoint(folder)).toBe(false);
  });

  it.each([
    ['worker', 'openHelperSocket,asked,made,closeHelperSocket,receive,told', 0],
    ['exit', 'openHelperSocket', 3],
    ['exit', 'asked', 3],
    ['exit', 'made', 3],
    ['exit', 'closeHelperSocket', 3],
    ['exit', 'receive', 3],
  ])('leaves nothing of a mount() that ends with its %s, at %s', async (way, step, code) => {
    const folder = ownFolder();
    const args = [folder, way, step];
    const result = await runNode(childProgram('end-while-mounting.ts'), args, user);
    const stdout = way === 'worker' ? 'nothing left\n' : '';
    expect(result).toMatchObject({ code, stdout, stderr: '' });
    expect(isMountPoint(folder)).toBe(false);
  });

  it('keeps others out, root too', async () => {
    const folder = ownFolder();
    const server = await Server.start(folder, {}, {}, user);
    const { stderr } = await runCommand('ls', [folder]);
    expect(stderr).toContain('Permission denied');
    await server.stop();
  });

  it('is told where mounting is not allowed', async () => {
    const folder = makeFolder(); // of root
    await expect(Server.start(folder, {}, {}, user)).rejects.toThrow(/ERR_RAM_MOUNT_DENIED/);
    await expect(Server.start(ownFolder(), { allowOther: true }, {}, user)).rejects.toThrow(
      /user_allow_other.*\/etc\/fuse\.conf/,
    );
    await expect(Server.start(ownFolder(), { suid: true }, {}, user)).rejects.toThrow(
      /ERR_RAM_MOUNT_DENIED/,
    );
  });

  it('is told when /dev/fuse is closed to users', async () => {
    const started = Server.startProgram('serve.ts', [ownFolder()], {}, withClosedDevice());
    await expect(started).rejects.toThrow(/ERR_RAM_MOUNT_DENIED[^]*chmod 666/);
  });

  it('is told when fusermount3 is missing', async () => {
    const hide =
      'mount --bind /dev/null /usr/bin/fusermount3 && exec setpriv --reuid 65534 ' +
      `--regid 65534 --clear-groups ${process.execPath} "$@"`;
    const args = [...childNodeArguments, fileURLToPath(childProgram('serve.ts')), ownFolder()];
    // In a mount namespace of its own: nobody else misses the helper.
    const child = await runCommand('unshare', ['-m', 'bash', '-c', hide, 'bash', ...args]);
    expect(child.stderr).toMatch(/ERR_RAM_NO_FUSERMOUNT/);
    expect(child.stderr).toContain('apt-get install fuse3');
  });

  it('clears the left-over of a killed server away', async () => {
    const folder = ownFolder();
    const killed = await Server.start(folder, {}, {}, user);
    killed.kill();
    await killed.exited;
    const server = await Server.start(folder, {}, {}, user);
    await server.stop();
    expect(await mountState(folder)).toBe('free');
  });

  it('has its mount taken away by root', async () => {
    const folder = ownFolder();
    const server = await Server.start(folder, {}, {}, user);
    await unmountDirectory(folder);
    await server.stop();
  });

  it('forces its own busy mount away', async () => {
    const folder = ownFolder();
    const { code, stdout, stderr } = await runNode(
      childProgram('own-mount.ts'),
      [folder, 'force'],
      {
        ...user,
      },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'EBUSY, then over\n', stderr: '' });
    expect(isMountPoint(folder)).toBe(false);
  });

  it('leaves no mount behind at process.exit', async () => {
    const folder = ownFolder();
    const child = Server.startProgram('end.ts', [folder, 'process-exit'], user);
    await child.catch(() => {});
    expect(isMountPoint(folder)).toBe(false);
  });

  it('runs eight processes that load the mount', async () => {
    const folder = ownFolder();
    const server = await Server.start(folder, {}, {}, user);
    const load = Array.from({ length: 8 }, (_, number) =>
      run('/usr/bin/python3', [programPath('load.py'), folder, String(number), '1'], {
        uid: nobody,
      }),
    );
    await Promise.all(load);
    await server.stop();
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)('clears away when its server got %s', async (signal) => {
    const folder = ownFolder();
    const server = await Server.start(folder, {}, {}, user);
    const connection = connectionOf(folder);
    await (signal === 'SIGSTOP' ? server.freeze() : server.kill());
    const result = await runNode(childProgram('clear-away.ts'), [folder], {
      ...user,
    });
    const state = signal === 'SIGSTOP' ? 'unresponsive' : 'dead';
    expect(result).toMatchObject({ stdout: `${state}, then free\n`, stderr: '' });
    server.kill();
    await server.exited;
    await expectNothingLeft(folder, connection);
  });

  it('has what is dead or frozen noticed by root, who is kept out of it', async () => {
    const folder = ownFolder();
    const server = await Server.start(folder, {}, {}, user);
    expect(await mountState(folder)).toBe('mounted');
    await server.freeze();
    expect(await mountState(folder)).toBe('unresponsive');
    server.kill();
    await server.exited;
    expect(await mountState(folder)).toBe('dead');
    await unmountDirectory(folder);
  });
});
