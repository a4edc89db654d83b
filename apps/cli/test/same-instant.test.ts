// Several `ram mount` of one directory at the same instant.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSandbox, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const rounds = 5;

for (const { user, needs } of users) {
  needs.describe(`ram mount in several processes at once, as ${user}`, () => {
    let sandbox: Sandbox;
    let directory: string;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
      directory = join(sandbox.directory, 'disk');
      await sandbox.shell('mkdir disk other-runtime && chmod 0700 other-runtime');
    });
    afterAll(() => sandbox.dispose());

    const mountsThere = async (): Promise<number> => {
      const { stdout } = await sandbox.run('cat', ['/proc/self/mountinfo']);
      return stdout.split(` ${directory} `).length - 1;
    };

    it('mounts one, and tells the others that it is there', async () => {
      for (let round = 0; round < rounds; round++) {
        const calls = [1, 2, 3].map(() =>
          sandbox.ram('mount', directory, '--size', '16M', '--json'),
        );
        const results = (await Promise.all(calls)).toSorted(byCode);
        expect(results.map(({ code }) => code)).toEqual([0, 4, 4]);
        for (const { stdout } of results.slice(1)) {
          expect(JSON.parse(stdout).error.code).toBe('ERR_RAM_ALREADY_MOUNTED');
        }
        expect(await mountsThere()).toBe(1);
        const { disks } = JSON.parse((await sandbox.ram('status', '--json')).stdout);
        expect(disks).toMatchObject([{ name: 'disk', directory, state: 'mounted' }]);
        expect(await sandbox.ram('umount', 'disk')).toMatchObject({ code: 0, stderr: '' });
        expect(readdirSync(sandbox.runtime)).toEqual([]);
        expect(await mountsThere()).toBe(0);
      }
    });

    it('the same when they know nothing of each other', async () => {
      const runtimes = [sandbox.runtime, join(sandbox.directory, 'other-runtime')];
      for (let round = 0; round < rounds; round++) {
        const calls = runtimes.map((runtime) =>
          sandbox.ramWith({ RAM_RUNTIME_DIR: runtime }, 'mount', directory, '--json'),
        );
        const answers = await Promise.all(calls);
        const winner = runtimes[answers.findIndex(({ code }) => code === 0)] ?? '';
        const results = answers.toSorted(byCode);
        expect(results.map(({ code }) => code)).toEqual([0, 4]);
        const { error } = JSON.parse(results[1]?.stdout ?? '');
        expect(error.code).toBe('ERR_RAM_ALREADY_MOUNTED');
        expect(await mountsThere()).toBe(1);
        const unmounted = await sandbox.ramWith({ RAM_RUNTIME_DIR: winner }, 'umount', directory);
        expect(unmounted).toMatchObject({ code: 0, stderr: '' });
        expect(await mountsThere()).toBe(0);
        for (const runtime of runtimes) expect(readdirSync(runtime)).toEqual([]);
      }
    });
  });
}

function byCode(one: { code: number | null }, other: { code: number | null }): number {
  return Number(one.code) - Number(other.code);
}
