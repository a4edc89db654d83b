import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createSandbox, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

for (const { user, needs } of users) {
  needs.describe(`ram mount, status and umount, as ${user}`, () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
      await sandbox.shell('mkdir one two "a b" && ln -s one link');
    });
    afterEach(() => sandbox.clear());
    afterAll(() => sandbox.dispose());

    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

    it('mounts a disk that outlives the command, and unmounts it', async () => {
      const directory = join(sandbox.directory, 'one');
      const mounted = await sandbox.ram('mount', directory, '--size', '64M');
      expect(mounted).toMatchObject({
        code: 0,
        stdout: `one: 64 MiB on ${directory}; to unmount: ram umount one\n`,
        stderr: '',
      });
      const used = await sandbox.shell('echo hello > one/a && cat one/a && df -B1 one');
      expect(used.stdout).toMatch(/^hello\n[^]*^one +67108864 /m);

      expect(modeOf(sandbox.runtime)).toBe('700');
      expect(modeOf(sandbox.logs)).toBe('700');
      for (const name of readdirSync(sandbox.runtime)) {
        expect([name, modeOf(join(sandbox.runtime, name))]).toEqual([name, '600']);
      }
      const log = join(sandbox.logs, 'ramd.log');
      expect(modeOf(log)).toBe('600');

      const unmounted = await sandbox.ram('umount', directory, '--yes');
      const stdout = `one (${directory}): unmounted\n`;
      expect(unmounted).toMatchObject({ code: 0, stdout, stderr: '' });
      expect((await sandbox.shell('ls one')).stdout).toBe('');
      expect(readdirSync(sandbox.runtime)).toEqual([]);
      const events = readFileSync(log, 'utf8').trimEnd().split('\n');
      expect(events.map((line) => JSON.parse(line).event)).toEqual([
        'mounted',
        'unmount asked for',
        'unmounted',
      ]);
    });

    it('speaks JSON', async () => {
      const directory = join(sandbox.directory, 'a b');
      const args = ['--name', 'js', '--size', '1G', '--max-files', '10', '--json'];
      const mounted = JSON.parse((await sandbox.ram('mount', directory, ...args)).stdout);
      expect(mounted).toMatchObject({
        disk: { name: 'js', directory, maxBytes: 2 ** 30, maxFiles: 10, files: 0 },
        notices: [],
      });
      const disk = { name: 'js', directory, state: 'mounted', maxBytes: 2 ** 30 };
      expect(JSON.parse((await sandbox.ram('status', 'js', '--json')).stdout)).toMatchObject({
        disks: [
          {
            ...disk,
            pid: expect.any(Number),
            details: { files: 0, maxFiles: 10, backing: 'tmpfs', phase: 'mounted' },
          },
        ],
        total: { disks: 1, maxBytes: 2 ** 30, files: 0 },
      });
      const full = await sandbox.shell('cd "a b" && for n in {1..11}; do : > $n || break; done');
      expect(full.stderr).toMatch(/11: No space left on device/);
      const unmounted = await sandbox.ram('umount', 'js', '--yes', '--json');
      const result = { name: 'js', directory, way: 'server' };
      expect(JSON.parse(unmounted.stdout)).toEqual(result);
    });

    it('mounts several disks, with names of their own, and sums them', async () => {
      const one = await sandbox.ram('mount', join(sandbox.directory, 'link'), '--size', '10M');
      expect(one.stdout).toMatch(`one: 10 MiB on ${join(sandbox.directory, 'one')};`);
      const args = ['mount', join(sandbox.directory, 'a b', 'one'), '--size', '20M', '--read-only'];
      await sandbox.shell('mkdir "a b/one" && echo x > one/x');
      const two = await sandbox.ram(...args);
      expect(two.stdout).toMatch(/^one-2: 20 MiB on .*one'; to unmount: ram umount one-2\n$/);
      expect((await sandbox.shell('touch "a b/one/y"')).stderr).toMatch('Read-only file system');
      const { stdout } = await sandbox.ram('status');
      expect(stdout).toMatch(/^NAME .*\none .*\none-2 .*\n\n2 disks, .* of 30 MiB used, 1 file\n/);
      expect(await sandbox.ram('umount', 'one-2')).toMatchObject({ code: 0 });
      expect(await sandbox.ram('umount', 'one', '--yes')).toMatchObject({ code: 0 });
      expect((await sandbox.ram('status')).stdout).toBe('No RAM disks. Mount one: ram mount DIR\n');
    });

    it('is full at its limit, keeps what is there, and has room again after a delete', async () => {
      const directory = join(sandbox.directory, 'two');
      await sandbox.ram('mount', directory, '--size', '16M');
      const fill = await sandbox.shell('cd two && echo kept > small && cat /dev/zero > large');
      expect(fill).toMatchObject({ code: 1, stderr: expect.stringMatching('No space left') });
      const status = JSON.parse((await sandbox.ram('status', 'two', '--json')).stdout);
      const { usedBytes, freeBytes } = status.disks[0].details;
      expect(freeBytes).toBeLessThan(2 ** 16);
      expect(usedBytes + freeBytes).toBe(2 ** 24);
      const script =
        'cd two && cat small && rm large && head -c 15M /dev/zero > other && cat small';
      expect(await sandbox.shell(script)).toMatchObject({ code: 0, stdout: 'kept\nkept\n' });
    });

    it('gives disks without a size half of what is left', async () => {
      const sizes = [];
      for (const name of ['one', 'two']) {
        const args = ['mount', join(sandbox.directory, name), '--json'];
        const { disk } = JSON.parse((await sandbox.ram(...args)).stdout);
        expect(disk.maxFiles).toBe(null);
        sizes.push(disk.maxBytes);
      }
      // tmpfs rounds to pages.
      expect(Math.abs(sizes[0] / 2 - sizes[1])).toBeLessThan(2 ** 16);
    });
  });
}
