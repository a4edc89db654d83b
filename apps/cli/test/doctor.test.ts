import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSandbox, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

interface Check {
  id: string;
  status: string;
  found: string;
  hint: string | null;
}

for (const { user, needs } of users) {
  needs.describe(`ram doctor, as ${user}`, () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
    });
    afterAll(() => sandbox.dispose());

    it('finds a machine on which a disk can be mounted fit for it', async () => {
      const text = await sandbox.ram('doctor');
      expect(text).toMatchObject({ code: 0, stderr: '' });
      expect(text.stdout).toMatch(/Disks can be mounted here\.\n$/);
      expect(text.stdout).toContain(`Log: ${sandbox.logs}/ramd.log\n`);
    });

    it('says it all in JSON', async () => {
      const { code, stdout } = await sandbox.ram('doctor', '--json');
      expect(code).toBe(0);
      const { checks, ...rest } = JSON.parse(stdout) as { checks: Check[] };
      expect(rest).toEqual({
        canMount: true,
        versions: { ram: expect.any(String), node: process.version, kernel: expect.any(String) },
        places: {
          sockets: sandbox.runtime,
          state: sandbox.runtime,
          logs: sandbox.logs,
          log: `${sandbox.logs}/ramd.log`,
        },
        defaultMaxBytes: expect.any(Number),
      });
      expect(checks.map(({ id }) => id).join(' ')).toBe(
        'kernel fuse-device mount-rights fusermount3 allow-other fusectl passthrough io-uring ' +
          'max-pages memory cgroup swap private-tmpfs no-swap descriptors shm shm-logout ' +
          'user-namespaces apparmor-userns apparmor-fusermount3 runtime-directory log-directory',
      );
      for (const { status, hint } of checks) {
        expect(['ok', 'warning', 'missing']).toContain(status);
        expect(hint === null).toBe(status === 'ok');
      }
    });
  });
}
