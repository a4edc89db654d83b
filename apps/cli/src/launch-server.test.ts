import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { launchServer } from './launch-server.ts';

describe('launchServer', () => {
  const directory = temporaryDirectory();
  const runtime = join(directory, 'run');
  mkdirSync(runtime);
  beforeEach(() => {
    vi.stubEnv('RAM_RUNTIME_DIR', runtime);
    vi.stubEnv('RAM_LOG_DIR', join(directory, 'log'));
  });
  afterEach(() => void vi.unstubAllEnvs());

  const launch = (script: string, readyLimitMs?: number) => {
    const program = join(directory, 'ramd.mjs');
    writeFileSync(program, script);
    const options = readyLimitMs === undefined ? { program } : { program, readyLimitMs };
    return launchServer({ directory: 'disk', size: '1M' }, options);
  };

  it('hands the request over and gives what the server sends', async () => {
    const disk = await launch(`
      process.send({ type: 'ready', disk: { args: process.argv.slice(2), cwd: process.cwd() } });`);
    expect(disk).toEqual({ args: ['--size=1M', '--', join(process.cwd(), 'disk')], cwd: '/' });
  });

  it('throws what the server says', async () => {
    const error = { code: 'ERR_RAM_BUSY', message: 'in use', hint: 'Wait' };
    const script = `process.send({ type: 'failed', error: ${JSON.stringify(error)} });`;
    await expect(launch(script)).rejects.toMatchObject(error);
  });

  it('ends a server that says nothing, with its state', async () => {
    const script = `
      import { readFileSync, writeFileSync } from 'node:fs';
      const startTicks = Number(readFileSync('/proc/self/stat', 'utf8').split(' ')[21]);
      const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      writeFileSync('${runtime}/disk.disk.json', JSON.stringify({
        version: 1, name: 'disk', directory: '/none', phase: 'mounting',
        server: { pid: process.pid, startTicks, bootId },
        socket: '', log: '', maxBytes: 1, since: '',
      }));
      writeFileSync('${directory}/pid', String(process.pid));
      setInterval(() => {}, 1000);`;
    await expect(launch(script, 1_000)).rejects.toMatchObject({ code: 'ERR_RAM_NO_ANSWER' });
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
    expect(readdirSync(runtime)).toEqual([]);
  });

  it('says how a server ended, and where it wrote why', async () => {
    await expect(launch('throw new Error("broken")')).rejects.toMatchObject({
      code: 'ERR_RAM_FAILED',
      message: 'the server ended (code 1)',
      hint: expect.stringMatching(/tail .*ramd\.log$/),
    });
    expect(readFileSync(join(directory, 'log', 'ramd.log'), 'utf8')).toMatch('Error: broken');
  });
});
