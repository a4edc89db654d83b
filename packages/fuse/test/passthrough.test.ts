// What the kernel does by itself on a passed-through mount, and what it asks.
import { describe, expect, it } from 'vitest';
import { childNodeArguments, runCommand, runNode } from '@ram/test-support';
import { fileURLToPath } from 'node:url';
import { Server, childProgram, makeFolder, programPath, rootMounts, run } from './support.ts';
import { ioInForce } from '../src/io-in-force.ts';

rootMounts.it('without descriptors files are served, unseen', async () => {
  const program = fileURLToPath(childProgram('exhausted.ts'));
  const command = 'ulimit -n 80; exec "$@"';
  const args = ['-c', command, 'sh', process.execPath, ...childNodeArguments, program];
  const { stdout, stderr } = await runCommand('sh', [...args, makeFolder()]);
  expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
});

rootMounts.it('small files end as slabs, with their sizes, times and blocks', async () => {
  const { stdout, stderr } = await runNode(childProgram('small-files.ts'), [makeFolder()]);
  expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
});

rootMounts.it('pages that a client punches out of a view are there again', async () => {
  const { stdout, stderr } = await runNode(childProgram('punched.ts'), [makeFolder()]);
  expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
});

rootMounts.it('files become large while they are open, in whatever way', async () => {
  const { stdout, stderr } = await runNode(childProgram('growing.ts'), [makeFolder()]);
  expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
});

rootMounts.it('a passed-through write by others takes set-id bits away', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder, { io: 'passthrough', suid: true });
  expect(await run('bash', [programPath('held.sh'), folder])).toBe('755\n');
  expect((await server.stop()).requests.write).toBeUndefined();
});

describe('the mode in force', () => {
  it('is what was asked for where that can be', () => {
    expect(ioInForce('direct', 0)).toEqual({ mode: 'direct' });
    expect(ioInForce('passthrough', 1)).toEqual({ mode: 'passthrough' });
  });
  it('is passthrough by default, and silently cached where that can not be', () => {
    expect(ioInForce(undefined, 1)).toEqual({ mode: 'passthrough' });
    expect(ioInForce(undefined, -1)).toEqual({ mode: 'cached' });
    expect(ioInForce(undefined, 0)).toEqual({ mode: 'cached' });
  });
  it('says why the kernel does not pass through', () => {
    expect(ioInForce('passthrough', -1).reason).toContain('CAP_SYS_ADMIN');
    expect(ioInForce('passthrough', -95)).toMatchObject({ mode: 'cached' });
  });
});
