// Who may mount, who gets in, and what they may do there: user namespaces, allowOther, readOnly.
import { chmodSync, chownSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { childNodeArguments, holdFuseDevice, requirement, runCommand } from '@ram/test-support';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { Server, childProgram, makeFolder, rootMounts, run } from './support.ts';

const nobody = 65534;
const stranger = 1234;
const user = { uid: nobody, gid: nobody };
const modes = ['passthrough', 'cached', 'direct'] as const;
const initialNamespaceOnly = 'passthrough needs CAP_SYS_ADMIN in the initial user namespace';

const namespaces = requirement(
  'user namespaces',
  rootMounts.available && existsSync('/proc/self/ns/user'),
  'needs root, /dev/fuse and CONFIG_USER_NS',
);
const helper = requirement(
  'mounting as a plain user',
  rootMounts.available && existsSync('/usr/bin/fusermount3'),
  'needs fusermount3 (apt-get install fuse3), and root to become another user',
);

let closeDevice = (): void => {};
beforeAll(() => {
  if (rootMounts.available) closeDevice = holdFuseDevice();
});
afterAll(() => closeDevice());

function folderOf(uid: number): string {
  const folder = makeFolder();
  chownSync(folder, uid, uid);
  return folder;
}

/** A command of its own as somebody else. */
function as(uid: number, command: string) {
  return runCommand('sh', ['-c', command], { uid, gid: uid });
}

const settings = [
  [{ io: 'passthrough', suid: true, dev: true }, /rw,relatime/],
  [{ io: 'passthrough' }, /rw,nosuid,nodev,relatime/],
] as const;

describe.each([
  ['root', {}],
  ['a plain user', user],
])('a user namespace of %s', (_, who: { uid?: number; gid?: number }) => {
  namespaces.it('mounts without passthrough and devices, whatever is asked for', async () => {
    const program = fileURLToPath(childProgram('user-namespace.ts'));
    const node = [process.execPath, ...childNodeArguments, program];
    for (const [options, flags] of settings) {
      const args = ['-Urm', ...node, folderOf(who.uid ?? 0), JSON.stringify(options)];
      const { stdout, stderr } = await runCommand('unshare', args, who);
      expect(stderr).toBe('');
      const told = JSON.parse(stdout);
      expect(told.io).toEqual({ mode: 'cached', reason: initialNamespaceOnly });
      expect(told.flags).toMatch(flags);
    }
  });

  namespaces.it('keeps everybody outside out, root too', async () => {
    const folder = folderOf(who.uid ?? 0);
    const args = [folder, JSON.stringify({ io: 'cached', allowOther: true }), '{}'];
    const server = await Server.startProgram('serve.ts', args, who, ['unshare', '-Urm']);
    expect((await runCommand('ls', [folder])).stdout).toBe('');
    const within = ['-m', '-t', String(server.pid), 'ls', folder];
    expect((await runCommand('nsenter', within)).stderr).toContain('Permission denied');
    await server.stop();
  });
});

describe.each(modes)('allowOther, %s', (io) => {
  rootMounts.it('decides whether other users get in; modes and owners what they may', async () => {
    const open = makeFolder();
    const closed = makeFolder();
    chmodSync(open, 0o755);
    const servers = [
      await Server.start(open, { io }),
      await Server.start(closed, { io, allowOther: false }),
    ];
    for (const folder of [open, closed]) {
      writeFileSync(`${folder}/file`, 'text');
      chmodSync(folder, 0o777);
    }
    expect((await as(stranger, `cat ${open}/file && echo > ${open}/own`)).stdout).toBe('text');
    expect(statSync(`${open}/own`).uid).toBe(stranger);
    expect((await as(stranger, `echo > ${open}/file`)).stderr).toContain('Permission denied');
    expect((await as(stranger, `ls ${closed}`)).stderr).toContain('Permission denied');
    for (const server of servers) await server.stop();
  });
});

rootMounts.it(
  'for root alone the kernel checks nothing; we refuse who acts for another',
  async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, { io: 'cached', allowOther: false });
    expect(await run('grep', [` ${folder} `, '/proc/self/mountinfo'])).not.toContain('permissions');
    writeFileSync(`${folder}/file`, 'text', { mode: 0o600 });
    expect((await run('sh', ['-c', `test -x ${folder}/file || echo no`])).trim()).toBe('no');
    // setfsuid(2) has one number on x64, one on arm64.
    const become = `syscall(${process.arch === 'arm64' ? 151 : 122}, ${stranger});`;
    const open = `print open(my $file, '<', '${folder}/file') ? 'opened' : 0 + $!;`;
    expect(await run('perl', ['-e', open])).toBe('opened');
    expect(await run('perl', ['-e', become + open])).toBe(String(constants.errno.EACCES));
    await server.stop();
  },
);

helper.it('a plain user lets others in where /etc/fuse.conf allows it', async () => {
  const folder = folderOf(nobody);
  const configuration = `${makeFolder()}/fuse.conf`;
  writeFileSync(configuration, 'user_allow_other\n');
  const become = `setpriv --reuid ${nobody} --regid ${nobody} --clear-groups`;
  const allow = `mount --bind ${configuration} /etc/fuse.conf && exec ${become} "$@"`;
  const args = [folder, JSON.stringify({ io: 'passthrough', allowOther: true }), '{}'];
  // In a mount namespace of its own: the machine's configuration stays as it is.
  const prefix = ['unshare', '-m', 'bash', '-c', allow, 'bash'];
  const server = await Server.startProgram('serve.ts', args, {}, prefix);
  const within = (command: string) =>
    run('nsenter', ['-m', '-t', String(server.pid), 'sh', '-c', command]);
  const strangers = `setpriv --reuid ${stranger} --regid ${stranger} --clear-groups`;
  expect(await within(`echo text > ${folder}/file; stat -c %u ${folder}/file`)).toBe('0\n');
  expect(await within(`${strangers} cat ${folder}/file`)).toBe('text\n');
  const flags = await within(`grep ' ${folder} ' /proc/self/mountinfo`);
  expect(flags).toMatch(/rw,nosuid,nodev.*allow_other/);
  await server.stop();
});

describe.each(modes)('readOnly, %s', (io) => {
  rootMounts.it('refuses every change, and shows those made elsewhere', async () => {
    const folder = makeFolder();
    const { stdout, stderr } = await runCommand(process.execPath, [
      ...childNodeArguments,
      fileURLToPath(childProgram('read-only.ts')),
      folder,
      makeFolder(),
      io,
    ]);
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
  });
});
