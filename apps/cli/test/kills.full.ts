import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSandbox, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const kills = 100;

/** All that programs do to a disk; ends with it. */
const load = `
  cd "$1" && n=0
  while mkdir -p d/$n && head -c 200000 /dev/zero > d/$n/a && cat d/$n/a > /dev/null &&
    mv d/$n/a d/$n/b && ls d > /dev/null && rm -r d/$n; do n=$((n % 20 + 1)); done`;

for (const { user, needs } of users) {
  needs.describe(`${kills} kills of a server under load, as ${user}`, () => {
    let sandbox: Sandbox;
    let directory: string;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
      directory = join(sandbox.directory, 'disk');
      await sandbox.shell('mkdir disk');
    });
    afterAll(() => sandbox.dispose());

    const mount = async (): Promise<number> => {
      const mounted = await sandbox.ram('mount', directory, '--size', '64M', '--json');
      expect(mounted, mounted.stdout).toMatchObject({ code: 0 });
      return JSON.parse(readFileSync(join(sandbox.runtime, 'disk.disk.json'), 'utf8')).server.pid;
    };

    it('leave nothing that holds up the next mount or umount', async () => {
      for (let kill = 0; kill < kills; kill += 1) {
        const pid = await mount();
        for (let worker = 0; worker < 3; worker += 1) {
          sandbox.start('bash', ['-c', load, 'bash', directory]);
        }
        await expect
          .poll(async () => {
            const { stdout } = await sandbox.ram('status', 'disk', '--json');
            return JSON.parse(stdout).disks[0].details.requestCount;
          })
          .toBeGreaterThan(100 + kill * 20);
        process.kill(pid, 'SIGKILL');
        // In turns: the next mount replaces what is left, or umount clears it away.
        if (kill % 2 === 0) continue;
        const cleared = await sandbox.ram('umount', 'disk');
        expect(cleared, cleared.stderr).toMatchObject({ code: 0 });
        expect(readdirSync(sandbox.runtime)).toEqual([]);
      }
    });
  });
}
