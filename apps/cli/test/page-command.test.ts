import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createSandbox, ramProgram, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const addressPattern = /http:\/\/127\.0\.0\.1:\d+\/enter\?key=[\w-]{43}/;

for (const { user, needs } of users) {
  needs.describe(`ram mount --page and ram page, as ${user}`, () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await createSandbox(user);
      await sandbox.shell('mkdir one two');
    });
    afterEach(() => sandbox.clear());
    afterAll(() => sandbox.dispose());

    const directory = (name: string): string => join(sandbox.directory, name);
    const mount = async (name: string, ...flags: string[]): Promise<string> => {
      const mounted = await sandbox.ram('mount', directory(name), '--size', '16M', ...flags);
      expect(mounted, mounted.stderr).toMatchObject({ code: 0, stderr: '' });
      return mounted.stdout;
    };
    const statusOf = async (address: string): Promise<number> =>
      (await fetch(address, { redirect: 'manual' })).status;

    it('print an address that works once; status shows the place and no key', async () => {
      const text = await mount('one', '--page');
      const [address = ''] = addressPattern.exec(text) ?? [];
      expect(text).toBe(
        `one: 16 MiB on ${directory('one')}; to unmount: ram umount one\n` +
          `Its page: ${address}\n` +
          'This address works once, in one browser; for another: ram page one\n',
      );
      const location = new URL('/', address).href;
      const status = await sandbox.ram('status');
      expect(status.stdout).toMatch(/ PAGE *\n/);
      expect(status.stdout).toContain(location);
      const json = (await sandbox.ram('status', '--json')).stdout;
      expect(JSON.parse(json)).toMatchObject({ disks: [{ details: { page: location } }] });

      expect([await statusOf(address), await statusOf(address)]).toEqual([303, 403]);
      const again = await sandbox.ram('page');
      expect(again.stdout.trimEnd()).toMatch(new RegExp(`^${addressPattern.source}$`));
      expect(await statusOf(again.stdout.trimEnd())).toBe(303);
      const key = new URL(address).searchParams.get('key') ?? '';
      const log = readFileSync(join(sandbox.logs, 'ramd.log'), 'utf8');
      for (const output of [status.stdout, json, log]) expect(output).not.toContain(key);
    });

    it('speak JSON', async () => {
      const mounted = JSON.parse(await mount('one', '--page', '--json'));
      const page = { address: expect.stringMatching(addressPattern) };
      expect(mounted).toMatchObject({ disk: { name: 'one' }, page, notices: [] });
      const asked = JSON.parse((await sandbox.ram('page', 'one', '--json')).stdout);
      expect(asked).toEqual({ name: 'one', page });
      expect(asked.page.address).not.toBe(mounted.page.address);
    });

    it('open a page also for a disk that was mounted without one', async () => {
      expect(await mount('one')).not.toMatch(/http/);
      expect((await sandbox.ram('status')).stdout).not.toMatch(/PAGE/);
      const { stdout } = await sandbox.ram('page', directory('one'));
      expect(await statusOf(stdout.trimEnd())).toBe(303);
      expect((await sandbox.ram('status')).stdout).toMatch(/PAGE/);
    });

    it('serve it no longer than the disk, nor keep the disk mounted', async () => {
      const [address = ''] = addressPattern.exec(await mount('one', '--page')) ?? [];
      const { told } = await openStream(address);
      expect(await sandbox.ram('umount', 'one', '--yes')).toMatchObject({ code: 0 });
      expect(await told).toMatch(/event: end\ndata: \{\}\n\n$/);
      await expect(fetch(address)).rejects.toThrow();
    });

    it('say which disk is missing or meant', async () => {
      const none = await sandbox.ram('page');
      expect(none).toMatchObject({ code: 3, stdout: '' });
      expect(none.stderr).toMatch(/there is no RAM disk\. Mount one: ram mount DIR --page\n$/);
      await mount('one');
      await mount('two');
      const several = await sandbox.ram('page', '--json');
      const message = 'there are several disks: one, two';
      const error = { code: 'ERR_RAM_USAGE', message, hint: 'Say which: ram page NAME' };
      expect(several.code).toBe(2);
      expect(JSON.parse(several.stdout)).toEqual({ error });
      expect(await sandbox.ram('page', 'three')).toMatchObject({ code: 3, stdout: '' });
      expect(await sandbox.ram('page', 'one', 'two')).toMatchObject({ code: 2, stdout: '' });
      expect(await sandbox.ram('page', '--bogus')).toMatchObject({ code: 2, stdout: '' });
    });

    it('work in the foreground', async () => {
      const flags = ['--foreground', '--page', '--size', '16M'];
      const command = [ramProgram, 'mount', directory('one'), ...flags];
      const server = sandbox.start(process.execPath, command);
      await expect.poll(() => server.output()).toMatch(/ram page one\n$/);
      const [address = ''] = addressPattern.exec(server.output()) ?? [];
      const { told } = await openStream(address);
      server.child.kill('SIGTERM');
      expect(await server.exited).toEqual({ code: 0, signal: null });
      expect(await told).toMatch(/event: end\ndata: \{\}\n\n$/);
    });
  });
}

/** Enters, and opens a stream: what it tells until it ends. */
async function openStream(address: string): Promise<{ told: Promise<string> }> {
  const entered = await fetch(address, { redirect: 'manual' });
  const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const response = await fetch(new URL('/events', address), { headers: { cookie } });
  expect(response.status).toBe(200);
  return { told: response.text() };
}
