import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, fuse, root, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

/** The mounts that this process sees, less those of other tests. */
function mountsIn(directory: string): string[] {
  const table = readFileSync('/proc/self/mountinfo', 'utf8');
  return table.split('\n').filter((line) => line.includes(directory));
}

for (const { user, needs } of users) {
  needs.describe(`ram refuses, as ${user}`, () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
      await sandbox.shell('mkdir empty full taken other && touch file full/x');
      await sandbox.ram('mount', join(sandbox.directory, 'taken'), '--size', '10M');
    });
    afterAll(() => sandbox.dispose());

    const size = (text: string): string[] => ['mount', 'DIR/empty', '--size', text];
    const cases: [string, string[], number, RegExp][] = [
      ['a missing directory', ['mount', 'DIR/none'], 3, /doesn't exist\. .*mkdir -p .*\/none$/],
      ['a file', ['mount', 'DIR/file'], 4, /is not a directory/],
      ['a directory below a file', ['mount', 'DIR/file/x'], 4, /is a file/],
      ['a directory with files', ['mount', 'DIR/full'], 4, /is not empty/],
      [
        'a disk on a disk',
        ['mount', 'DIR/taken'],
        4,
        /is the RAM disk taken already\. .*ram umount/,
      ],
      ['another mount point', ['mount', '/proc'], 4, /is a mount point \(proc\) already/],
      ['a name that is taken', ['mount', 'DIR/other', '--name', 'taken'], 4, /a disk named taken/],
      ['a name that is a path', ['mount', 'DIR/empty', '--name', '../x'], 2, /can't be the name/],
      ['no size', size(''), 2, /is not a size; write .*'50%'/],
      ['a size of zero', size('0'), 2, /is not above zero; write/],
      ['a negative size', size('-5'), 2, /is negative; write/],
      ['a word for a size', size('big'), 2, /is not a size; write/],
      ['more than all memory', size('101%'), 2, /is more than all memory/],
      [
        'more than the machine has',
        size('900T'),
        2,
        /more than there is: .* Half of the memory is/,
      ],
      ['more than numbers have', size('99999999999T'), 2, /more than any machine has/],
      ['less than a disk takes', size('1K'), 2, /is too small: .*1 MiB/],
      ['no files', ['mount', 'DIR/empty', '--max-files', '0'], 2, /is no number of files/],
      ['no directory', ['mount'], 2, /missing required argument 'DIR'\. See ram mount --help/],
      ['an empty directory name', ['mount', ''], 2, /DIR is empty\. See ram mount --help/],
      ['two directories', ['mount', 'DIR/empty', 'DIR/other'], 2, /too many arguments/],
      ['half of a command below', ['ring', 'stat'], 2, /See ram ring stat --help$/],
      ['an unknown command', ['mont'], 2, /unknown command 'mont'\. Did you mean mount\?/],
      [
        'an unknown option',
        ['mount', 'DIR/empty', '--sice=1'],
        2,
        /'--sice=1'\. Did you mean --size/,
      ],
      [
        'to unmount what is no disk',
        ['umount', 'DIR/empty'],
        3,
        /there is no RAM disk .*ram status/,
      ],
      ['to unmount an unknown name', ['umount', 'nobody'], 3, /there is no RAM disk nobody/],
      ['to unmount another mount', ['umount', '/proc'], 3, /but a mount of type proc/],
      ['to show an unknown disk', ['status', 'nobody'], 3, /there is no RAM disk nobody/],
    ];

    it.each(cases)('%s', async (_, words, code, message) => {
      const args = words.map((word) => word.replace('DIR', sandbox.directory));
      const state = readdirSync(sandbox.runtime);
      const result = await sandbox.ram(...args);
      expect(result).toMatchObject({ code, stdout: '' });
      expect(result.stderr).toMatch(/^ram: [^\n]+\n$/);
      expect(result.stderr.trimEnd()).toMatch(message);

      if (user === 'self') {
        const json = await sandbox.ram(...args, '--json');
        expect(json).toMatchObject({ code, stderr: '' });
        const { error } = JSON.parse(json.stdout);
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_RAM_/) });
        expect(result.stderr).toContain(error.message);
      }
      expect(readdirSync(sandbox.runtime)).toEqual(state);
      expect(mountsIn(`${sandbox.directory}/empty`)).toEqual([]);
    });

    it.each([
      [['bench'], 'ram: ram bench needs a command. Give one of mount\n'],
      [['help', 'mont'], "ram: unknown command 'mont'. See above\n"],
    ])('half of a command, after its help: %j', async (args, last) => {
      const { code, stderr } = await sandbox.ram(...args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^Usage: ram /);
      expect(stderr.slice(-last.length)).toBe(last);
    });

    it('the same in the foreground', async () => {
      const args = ['mount', join(sandbox.directory, 'full'), '--foreground'];
      expect(await sandbox.ram(...args)).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/^ram: .* is not empty.*\n$/),
      });
    });
  });
}

root.describe('ram refuses, to a plain user', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox('plain');
    await sandbox.shell('mkdir empty');
  });
  afterAll(() => sandbox.dispose());

  it('--no-swap, where the kernel does', async () => {
    const result = await sandbox.ram('mount', join(sandbox.directory, 'empty'), '--no-swap');
    expect(result).toMatchObject({ code: 5, stdout: '' });
    expect(result.stderr).toBe(
      'ram: the kernel lets only root keep a disk out of swap. ' +
        'Mount as root, or without --no-swap\n',
    );
    expect(readdirSync(sandbox.runtime)).toEqual([]);
  });

  it.each([
    ['--suid', 'ERR_RAM_NOT_PERMITTED', /--suid is for root\. .*without --suid$/],
    ['--dev', 'ERR_RAM_NOT_PERMITTED', /--dev is for root\. .*without --dev$/],
    ['--allow-other', 'ERR_RAM_MOUNT_DENIED', /user_allow_other .*without --allow-other$/],
  ])('%s', async (flag, code, words) => {
    const args = ['mount', join(sandbox.directory, 'empty'), flag];
    const { stdout } = await sandbox.ram(...args, '--json');
    expect(JSON.parse(stdout).error.code).toBe(code);
    const result = await sandbox.ram(...args);
    expect(result).toMatchObject({ code: 5, stdout: '' });
    expect(result.stderr.trimEnd()).toMatch(words);
    expect(readdirSync(sandbox.runtime)).toEqual([]);
  });

  it("another user's directory", async () => {
    const result = await sandbox.ram('mount', '/media');
    expect(result).toMatchObject({ code: 5, stderr: expect.stringMatching(/another user/) });
  });

  it('a runtime directory that is a trap', async () => {
    await sandbox.shell('mkdir elsewhere && ln -sfn "$PWD/elsewhere" trap');
    for (const place of ['/root', '/var/log', join(sandbox.directory, 'trap')]) {
      const env = { RAM_RUNTIME_DIR: place };
      const script = `node ${ramPath()} mount "$PWD/empty"`;
      const result = await sandbox.shell(script, { env });
      expect(result).toMatchObject({ code: 5, stderr: expect.stringContaining(place) });
      const status = await sandbox.shell(`node ${ramPath()} status`, { env });
      expect(status).toMatchObject({ code: 5, stdout: '' });
    }
  });
});

root.describe('ram says what the machine lacks', () => {
  const machines: [string, 'self' | 'plain', string, RegExp][] = [
    ['the FUSE device, to root', 'self', withoutDevice(), /no \/dev\/fuse: .*modprobe fuse/],
    ['the FUSE device, to others', 'plain', withoutDevice(), /\/dev\/fuse/],
    ['fusermount3', 'plain', hide('/usr/bin/fusermount3'), /fusermount3: .*install fuse3/],
    ['the rights on the device', 'plain', 'chmod 0600 /dev/fuse', /chmod 666 \/dev\/fuse/],
  ];
  describe.each(machines)('%s', (_, user, setUp, message) => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await createSandbox(user, setUp);
      await sandbox.shell('mkdir empty');
    });
    afterAll(() => sandbox.dispose());

    it('with mount and with doctor', async () => {
      const result = await sandbox.ram('mount', join(sandbox.directory, 'empty'));
      expect(result).toMatchObject({ code: 5, stdout: '' });
      expect(result.stderr).toMatch(/^ram: [^\n]+\n$/);
      expect(result.stderr).toMatch(message);
      expect(readdirSync(sandbox.runtime)).toEqual([]);
      const doctor = await sandbox.ram('doctor');
      expect(doctor).toMatchObject({ code: 1, stdout: expect.stringMatching(/^missing /m) });
    });
  });
});

fuse.describe('ram', () => {
  it('prints help and version', async () => {
    const sandbox = await createSandbox('self');
    const help = await sandbox.ram('--help');
    expect(help).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Examples:[^]*Exit codes:/),
    });
    expect((await sandbox.ram()).stdout).toBe(help.stdout);
    for (const command of ['mount', 'umount', 'status', 'doctor']) {
      expect(help.stdout).toMatch(`  ${command}`);
      expect((await sandbox.ram(command, '--help')).stdout).toMatch(`Usage: ram ${command}`);
    }
    expect(await sandbox.ram('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    await sandbox.dispose();
  });
});

function ramPath(): string {
  return new URL('../bin/ram.js', import.meta.url).pathname;
}

function hide(path: string): string {
  return `mount --bind /dev/null ${path}`;
}

function withoutDevice(): string {
  return `mkdir -m 0755 "$BASE/dev" && mount -t tmpfs -o mode=0755 none "$BASE/dev"
    for name in null zero urandom random tty; do cp -a /dev/$name "$BASE/dev"; done
    mount --move "$BASE/dev" /dev 2>/dev/null || mount --bind "$BASE/dev" /dev`;
}
