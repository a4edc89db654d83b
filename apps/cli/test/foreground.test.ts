import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSandbox, ramProgram, users } from './sandbox.ts';
import type { RunningProcess, Sandbox } from './sandbox.ts';

for (const { user, needs } of users) {
  needs.describe(`ram mount --foreground, as ${user}`, () => {
    let sandbox: Sandbox;
    let directory: string;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
      directory = join(sandbox.directory, 'disk');
      await sandbox.shell('mkdir disk');
    });
    afterAll(() => sandbox.dispose());

    const serve = async (...args: string[]): Promise<RunningProcess> => {
      const command = [ramProgram, 'mount', directory, '--foreground', '--size', '64M', ...args];
      const server = sandbox.start(process.execPath, command);
      await expect.poll(() => server.output()).toMatch(/to unmount: Ctrl-C\n$/);
      return server;
    };

    const expectNothingLeft = async (): Promise<void> => {
      const { stdout } = await sandbox.run('cat', ['/proc/self/mountinfo']);
      expect(stdout).not.toContain(directory);
      expect(readdirSync(sandbox.runtime)).toEqual([]);
    };

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('unmounts at %s', async (signal) => {
      const server = await serve();
      expect((await sandbox.shell('echo x > disk/x && cat disk/x')).stdout).toBe('x\n');
      server.child.kill(signal);
      expect(await server.exited).toEqual({ code: 0, signal: null });
      await expectNothingLeft();
    });

    it('is one of the disks, and ends with umount', async () => {
      const server = await serve('--name', 'fore');
      expect((await sandbox.ram('status')).stdout).toMatch(/\nfore .* mounted /);
      expect(await sandbox.ram('umount', 'fore')).toMatchObject({ code: 0 });
      expect(await server.exited).toEqual({ code: 0, signal: null });
      await expectNothingLeft();
    });

    it('waits for open files in bounded time, and not after a second signal', async () => {
      const server = await serve();
      const user = sandbox.start('bash', ['-c', `exec 3> '${directory}/x'; echo open; cat`]);
      await expect.poll(() => user.output()).toBe('open\n');
      server.child.kill('SIGINT');
      await expect.poll(() => server.output()).toMatch(/files are open; unmounting in 5 s/);
      expect(existsSync(`/proc/${server.child.pid}`)).toBe(true);
      server.child.kill('SIGINT');
      expect(await server.exited).toEqual({ code: 0, signal: null });
      await expectNothingLeft();
      user.child.kill('SIGKILL');
    });

    // For others it does the same, and the kernel takes longer to let go.
    if (user === 'self') {
      it('unmounts by force when files stay open', async () => {
        const server = await serve();
        const user = sandbox.start('bash', ['-c', `exec 3> '${directory}/x'; echo open; cat`]);
        await expect.poll(() => user.output()).toBe('open\n');
        server.child.kill('SIGTERM');
        expect(await server.exited).toEqual({ code: 0, signal: null });
        await expectNothingLeft();
        user.child.kill('SIGKILL');
      });
    }

    it('prints JSON once it is mounted', async () => {
      const command = [ramProgram, 'mount', directory, '--foreground', '--json'];
      const server = sandbox.start(process.execPath, command);
      await expect.poll(() => server.output()).toMatch(/^\}\n$/m);
      expect(JSON.parse(server.output())).toMatchObject({ disk: { directory }, notices: [] });
      server.child.kill('SIGTERM');
      expect(await server.exited).toEqual({ code: 0, signal: null });
    });
  });
}
