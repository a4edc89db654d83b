import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childNodeArguments } from '@ram/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSandbox, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

/** Ends with the disk: else it would go on in the directory below. */
const load =
  'n=0; while echo $RANDOM > "$1/$n" && cat "$1/$n" > /dev/null; do n=$((n % 50 + 1)); done';

/** Init may leave the dead unburied for a while. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

for (const { user, needs } of users) {
  needs.describe(`when something goes wrong, as ${user}`, () => {
    let sandbox: Sandbox;
    let directory: string;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
      directory = join(sandbox.directory, 'disk');
      await sandbox.shell('mkdir disk');
    });
    beforeEach(async () => {
      const mounted = await sandbox.ram('mount', directory, '--size', '64M');
      expect(mounted).toMatchObject({ code: 0, stderr: '' });
    });
    afterEach(() => sandbox.clear());
    afterAll(() => sandbox.dispose());

    const serverPid = (): number =>
      JSON.parse(readFileSync(join(sandbox.runtime, 'disk.disk.json'), 'utf8')).server.pid;

    const isMounted = async (): Promise<boolean> =>
      (await sandbox.run('cat', ['/proc/self/mountinfo'])).stdout.includes(` ${directory} `);

    const expectNothingLeft = async (): Promise<void> => {
      expect(await isMounted()).toBe(false);
      expect(readdirSync(sandbox.runtime)).toEqual([]);
    };

    const underLoad = async (): Promise<void> => {
      for (let count = 0; count < 3; count += 1) {
        sandbox.start('bash', ['-c', load, 'bash', directory]);
      }
      await expect
        .poll(async () => {
          const { disks } = JSON.parse((await sandbox.ram('status', '--json')).stdout);
          return disks[0].details.requestCount;
        })
        .toBeGreaterThan(500);
    };

    it('clears a disk away whose server was killed under load', async () => {
      await underLoad();
      process.kill(serverPid(), 'SIGKILL');
      const result = await sandbox.ram('umount', 'disk');
      const stdout = `disk (${directory}): cleared away; its server had been killed\n`;
      expect(result).toMatchObject({ code: 0, stdout, stderr: '' });
      await expectNothingLeft();
    });

    it('mounts anew at once where a server was killed under load', async () => {
      await underLoad();
      process.kill(serverPid(), 'SIGKILL');
      const result = await sandbox.ram('mount', directory, '--size', '32M');
      expect(result).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('disk: 32 MiB on'),
        stderr: `ram: replaced the mount that a killed server left on ${directory}\n`,
      });
      expect((await sandbox.shell('echo new > disk/x && cat disk/x')).stdout).toBe('new\n');
    });

    it('shows a dead disk as dead, and takes its name for a new one in its place', async () => {
      process.kill(serverPid(), 'SIGKILL');
      const { stdout } = await sandbox.ram('status', '--json');
      expect(JSON.parse(stdout).disks).toMatchObject([{ state: 'dead', details: null }]);
      const other = await sandbox.ram('mount', `${directory}2`, '--name', 'disk');
      expect(other).toMatchObject({ code: 3 });
      await sandbox.shell('mkdir -p disk2');
      const taken = await sandbox.ram('mount', `${directory}2`, '--name', 'disk');
      expect(taken).toMatchObject({ code: 4, stderr: expect.stringContaining('ram umount disk') });
      const again = await sandbox.ram('mount', directory, '--name', 'fresh', '--size', '10M');
      expect(again).toMatchObject({ code: 0 });
      expect((await sandbox.ram('status')).stdout).toMatch(/^NAME .*\nfresh .*\n$/);
    });

    it('forgets a killed server whose mount is gone', async () => {
      await loseMount();
      expect((await sandbox.ram('status')).stdout).toMatch('No RAM disks');
      await expectNothingLeft();
    });

    /** Kills the server and takes its mount away. */
    const loseMount = async (): Promise<void> => {
      process.kill(serverPid(), 'SIGKILL');
      const helper = sandbox.uid === 0 ? ['umount', '-l'] : ['fusermount3', '-u', '-z'];
      await expect
        .poll(async () => {
          await sandbox.run(helper[0] ?? '', [...helper.slice(1), directory]);
          return isMounted();
        })
        .toBe(false);
    };

    /** Another program mounts its own Volume in the same place; often with the same device. */
    const mountOther = async (): Promise<void> => {
      const script = fileURLToPath(new URL('child/other-mount.ts', import.meta.url));
      const args = [...childNodeArguments, script, directory];
      const other = sandbox.start(process.execPath, args);
      await expect.poll(() => other.output()).toBe('mounted\n');
      expect((await sandbox.shell('echo precious > disk/x')).code).toBe(0);
    };

    const expectOtherLives = async (): Promise<void> => {
      expect((await sandbox.shell('cat disk/x')).stdout).toBe('precious\n');
    };

    const changeDevice = (): void => {
      const path = join(sandbox.runtime, 'disk.disk.json');
      const state = JSON.parse(readFileSync(path, 'utf8'));
      expect(state.device).toMatch(/^0:\d+$/);
      writeFileSync(path, JSON.stringify({ ...state, device: '0:1' }));
    };

    it.each(['the same', 'another'])(
      'leaves a live disk with %s device alone that came where a dead one was',
      async (device) => {
        await loseMount();
        if (device === 'another') changeDevice();
        await mountOther();
        // By its directory the live one is meant, which would be lost.
        const asked = await sandbox.ram('umount', directory);
        expect(asked).toMatchObject({ code: 6, stderr: expect.stringContaining('--yes') });
        const stdout = expect.stringContaining('killed, and its mount was gone');
        expect(await sandbox.ram('umount', 'disk')).toMatchObject({ code: 0, stdout, stderr: '' });
        await expectOtherLives();
        expect(readdirSync(sandbox.runtime)).toEqual([]);
        expect(await sandbox.ram('umount', directory, '--yes')).toMatchObject({ code: 0 });
        await expectNothingLeft();
      },
    );

    it('shows a disk as detached while files keep it, and ends only that', async () => {
      const pid = serverPid();
      const reader = sandbox.start('bash', ['-c', `exec 3> '${directory}/x'; echo open; cat`]);
      await expect.poll(() => reader.output()).toBe('open\n');
      const detach = sandbox.uid === 0 ? 'umount -l' : 'fusermount3 -u -z';
      expect(await sandbox.shell(`${detach} disk`)).toMatchObject({ code: 0 });
      const { stdout } = await sandbox.ram('status', '--json');
      expect(JSON.parse(stdout).disks).toMatchObject([{ name: 'disk', state: 'detached' }]);
      await mountOther();
      expect(await sandbox.ram('umount', 'disk', '--yes')).toMatchObject({ code: 0 });
      await expect.poll(() => lives(pid)).toBe(false);
      await expectOtherLives();
      expect(await sandbox.ram('umount', directory, '--yes')).toMatchObject({ code: 0 });
      await expectNothingLeft();
    });

    it('unmounts a disk whose server is frozen, though someone waits for it', async () => {
      process.kill(serverPid(), 'SIGSTOP');
      const waiting = sandbox.start('stat', [join(directory, 'x')]);
      const { stdout } = await sandbox.ram('status', '--json');
      expect(JSON.parse(stdout).disks).toMatchObject([{ state: 'frozen' }]);
      expect(await sandbox.ram('mount', directory)).toMatchObject({ code: 4 });
      expect(await sandbox.ram('umount', 'disk')).toMatchObject({
        code: 6,
        stderr: expect.stringMatching(/doesn't tell what it holds.*--yes/),
      });
      expect(await sandbox.ram('umount', 'disk', '--yes')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('its server was frozen and is ended'),
      });
      expect((await waiting.exited).code).not.toBe(0);
      await expectNothingLeft();
    });

    it('ends with its disk when that is unmounted from outside', async () => {
      const pid = serverPid();
      const command = sandbox.uid === 0 ? 'umount' : 'fusermount3 -u';
      expect(await sandbox.shell(`${command} disk`)).toMatchObject({ code: 0 });
      await expect.poll(() => lives(pid)).toBe(false);
      await expectNothingLeft();
    });

    it('ends when its server is asked to, and takes the disk with it', async () => {
      const pid = serverPid();
      process.kill(pid, 'SIGTERM');
      await expect.poll(() => lives(pid)).toBe(false);
      await expectNothingLeft();
    });

    it('names the programs that use a disk, and unmounts it by force', async () => {
      const reader = sandbox.start('bash', ['-c', `exec 3> '${directory}/x'; echo open; cat`]);
      await expect.poll(() => reader.output()).toBe('open\n');
      const busy = await sandbox.ram('umount', 'disk', '--yes');
      expect(busy).toMatchObject({ code: 4, stdout: '' });
      expect(busy.stderr).toMatch(/is in use by (?:bash|cat) \(\d+, .*disk\/x\).* --force\n$/);
      expect((await sandbox.shell('echo still > disk/y && cat disk/y')).stdout).toBe('still\n');
      expect(await sandbox.ram('umount', 'disk', '--force', '--yes')).toMatchObject({ code: 0 });
      await expectNothingLeft();
    });

    // The same for others.
    if (user === 'self') {
      it('leaves a server that runs and does not answer alone, unless forced', async () => {
        // The disk answers from its own threads; its server is away from JavaScript.
        const state = join(sandbox.runtime, 'disk.disk.json');
        const text = readFileSync(state, 'utf8');
        writeFileSync(state, text.replace('ramd-', 'nobody-'));
        const silent = await sandbox.ram('umount', 'disk', '--yes');
        expect(silent).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
        expect(await isMounted()).toBe(true);
        expect(await sandbox.ram('umount', 'disk', '--yes', '--force')).toMatchObject({ code: 0 });
        expect(await isMounted()).toBe(false);
      });
    }

    it('unmounts a disk that nobody has on record', async () => {
      const { stdout } = await sandbox.ram('status', '--json');
      const pid = JSON.parse(stdout).disks[0].pid;
      await sandbox.shell(`rm '${sandbox.runtime}'/*.json`);
      expect(await sandbox.ram('umount', directory, '--yes')).toMatchObject({ code: 0 });
      await expect.poll(() => lives(pid)).toBe(false);
      expect(await isMounted()).toBe(false);
    });

    it('lets only one of many mount in one place', async () => {
      await sandbox.shell('mkdir -p contested');
      const contested = join(sandbox.directory, 'contested');
      const attempts = Array.from({ length: 4 }, (_, index) =>
        sandbox.ram('mount', contested, '--size', '10M', '--name', `n${index}`),
      );
      const codes = (await Promise.all(attempts)).map(({ code }) => code);
      expect(codes.toSorted()).toEqual([0, 4, 4, 4]);
      const table = (await sandbox.run('cat', ['/proc/self/mountinfo'])).stdout;
      expect(table.split('\n').filter((line) => line.includes(` ${contested} `))).toHaveLength(1);
    });
  });
}
