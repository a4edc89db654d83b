// What ordinary programs and system calls see.
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { runNode } from '@ram/test-support';
import type { IoMode, MountOptions } from '../src/index.ts';
import {
  Server,
  childProgram,
  makeFolder,
  program,
  programPath,
  rootMounts,
  run,
} from './support.ts';

const modes: IoMode[] = ['passthrough', 'cached', 'direct'];
const ways: MountOptions[] = [
  { io: 'passthrough' },
  { io: 'cached' },
  { io: 'direct' },
  { io: 'passthrough', locks: 'volume' },
  { io: 'direct', locks: 'volume', threads: 2 },
];

const python = program('python3');

describe.each(ways)('a mount with %j', (options) => {
  python.it('refuses ioctl, and lets locks wait', async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, options);
    expect(await run('python3', [programPath('lock_waits.py'), folder])).toBe('ok\n');
    const stats = await server.stop();
    expect(stats.unknown + stats.malformed).toBe(0);
  });
});

describe.each(modes)('coherence, %s', (io) => {
  rootMounts.it('changes on either side are seen on the other at once', async () => {
    const folder = makeFolder();
    const { stdout, stderr } = await runNode(childProgram('coherence.ts'), [folder, io]);
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
  });
});

describe.each(modes)('io %s', (io) => {
  python.it('mappings of clients outlive closes, truncates and unlinks', async () => {
    const { stdout, stderr } = await runNode(childProgram('mappings.ts'), [makeFolder(), io]);
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
  });
});

describe.each([
  ['passthrough', 'next'],
  ['cached', 'EBUSY'],
  ['direct', 'next'],
])('a writable view of a file that is open, %s', (io, outcome) => {
  rootMounts.it(outcome === 'next' ? 'sees what clients see' : 'is busy', async () => {
    const { stdout, stderr } = await runNode(childProgram('view.ts'), [makeFolder(), io]);
    expect({ stdout, stderr }).toEqual({ stdout: outcome, stderr: '' });
  });
});

describe.each(modes)('changes in process under eyes, %s', (io) => {
  python.it('leave nothing outdated in the caches of the kernel', async () => {
    const args = [makeFolder(), programPath('hammer.py'), io, '100', '20261120'];
    const { stdout, stderr } = await runNode(childProgram('race.ts'), args);
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
  });
});

python.it('a full disk says ENOSPC, keeps what it has, and takes more after a delete', async () => {
  for (const io of modes) {
    const folder = makeFolder();
    const server = await Server.start(folder, { io }, { maxBytes: '32M', maxInodes: 500 });
    expect(await run('python3', [programPath('full.py'), folder, io])).toBe('ok\n');
    await server.stop();
  }
});

rootMounts.it('flags of the mount are as asked', async () => {
  const folder = makeFolder();
  const server = await Server.start(folder, { readOnly: true, name: 'a disk, "mine"' });
  const mounts = readFileSync('/proc/mounts', 'utf8');
  const line = mounts.split('\n').find((text) => text.includes(folder)) ?? '';
  expect(line).toMatch(/^a\\040disk,\\040"mine" \S+ fuse\.ram ro,nosuid,nodev,/);
  expect(line).toContain('default_permissions,allow_other');
  await expect(run('touch', [`${folder}/x`])).rejects.toThrow(/Read-only/);
  await server.stop();
});

rootMounts.it('the example in the README runs', async () => {
  const example = new URL('../examples/mount-a-volume.ts', import.meta.url);
  const { stdout, stderr } = await runNode(example, [makeFolder()]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^from the process\nfrom outside\n\d+ created, \d+ looked up\n$/);
});
