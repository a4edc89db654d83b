// Events of what programs do through a mount, and of mounts themselves.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { runNode } from '@ram/test-support';
import { describe, expect } from 'vitest';
import type { VolumeEvent } from '@ram/fs-core';
import { expectManyEvents } from './many-events.ts';
import type { IoMode } from '../src/index.ts';
import { Server, childProgram, makeFolder, program, rootMounts, run } from './support.ts';

const ffmpeg = program('ffmpeg');
const python = program('python3');
const frames = 50;
const source = ['-f', 'lavfi', '-i', 'testsrc=size=640x480:rate=25', '-frames:v', String(frames)];

type Line = Partial<VolumeEvent> & { hash?: string; whole?: boolean; signals?: string };

/** What the server heard. */
async function listen(
  folder: string,
  ways: [string, IoMode],
  act: () => Promise<unknown>,
): Promise<{ lines: Line[]; requests: Record<string, number> }> {
  const server = await Server.startProgram('events.ts', [folder, ...ways]);
  await act();
  const { requests } = await server.stop();
  return { lines: linesOf(server.output), requests };
}

function linesOf(output: string): Line[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Line);
}

function ffmpegTo(...output: string[]): Promise<string> {
  return run('ffmpeg', ['-loglevel', 'error', '-y', ...source, ...output]);
}

const shell = `
  cd $0; echo one > a; echo two >> a; cat a; mv a b; cp b c; rm c
  mkdir d; mv b d/; chmod 600 d/b; truncate -s 1 d/b; : > d/b; echo $$
`;

// Each step in a process of its own, or in a subshell, so that each open has its close.
const passedShell = `
  cd $0; (exec >> a; echo one; echo two); (exec <> a; true); (echo three >> a)
  : > none; head -c 100000 /dev/zero > large; (exec <> large; true); (exec >> large; true)
`;

async function expectFrames(io: IoMode): Promise<void> {
  const folder = makeFolder();
  const files = new Map<string, string>();
  const { lines } = await listen(folder, ['frames', io], async () => {
    await ffmpegTo(`${folder}/%05d.jpg`);
    for (const name of readdirSync(folder)) {
      files.set(`/${name}`, hashOf(readFileSync(`${folder}/${name}`)));
    }
    const decode = ['-loglevel', 'error', '-i', `${folder}/%05d.jpg`, '-f', 'null', '-'];
    expect(await run('ffmpeg', decode)).toBe('');
  });
  const seen = lines.filter(({ hash }) => hash !== undefined);
  expect(seen.every(({ whole }) => whole)).toBe(true);
  expect(seen).toHaveLength(frames);
  expect(new Map(seen.map(({ path, hash }) => [path, hash]))).toEqual(files);
}

async function expectCopies(io: IoMode): Promise<void> {
  const [folder, apart] = [makeFolder(), makeFolder()];
  await ffmpegTo(`${apart}/%05d.jpg`);
  const names = readdirSync(apart).toSorted();
  const expected = names.map((name) => hashOf(readFileSync(`${apart}/${name}`)));
  const { lines, requests } = await listen(folder, ['copies', io], () =>
    ffmpegTo('-update', '1', `${folder}/latest.jpg`),
  );
  const seen = lines.filter(({ hash }) => hash !== undefined);
  expect(seen.every(({ whole }) => whole)).toBe(true);
  expect(seen.map(({ hash }) => hash)).toEqual(expected);
  expect(requests['flush']).toBe(frames);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('programs on a mount', () => {
  rootMounts.it('are told of, with who they are', async () => {
    const folder = makeFolder();
    let pid = 0;
    const { lines } = await listen(folder, ['log', 'cached'], async () => {
      const output = await run('bash', ['-c', shell, folder]);
      pid = Number(output.trim().split('\n').at(-1));
    });
    const said = lines
      .filter(({ type, path }) => type !== 'closed' && path !== undefined)
      .map(({ type, path, fromPath }) => [type, path, fromPath].filter(Boolean).join(' '));
    expect(said).toEqual([
      'created /a',
      'opened /a',
      'written /a',
      'opened /a',
      'written /a',
      'opened /a',
      'read /a',
      'renamed /b /a',
      'opened /b',
      'created /c',
      'opened /c',
      'read /b',
      'written /c',
      'removed /c',
      'created /d',
      'renamed /d/b /b',
      'attributes /d/b',
      'opened /d/b',
      'truncated /d/b',
      'truncated /d/b',
      'opened /d/b',
    ]);
    const first = lines.find(({ type }) => type === 'created');
    expect(first?.pid).toBe(pid);
    // `cp` copies within the kernel's reach, `truncate` cuts, and `cat` only reads.
    const closed = lines.filter(({ type }) => type === 'closed').map(({ written }) => written);
    const readers = closed.filter((written) => !written).length;
    expect([closed.length, readers]).toEqual([7, 2]);
  });

  rootMounts.it('are told of where the kernel writes by itself, once for each close', async () => {
    const folder = makeFolder();
    const { lines, requests } = await listen(folder, ['log', 'passthrough'], () =>
      run('bash', ['-c', passedShell, folder]),
    );
    const said = (wanted: string) =>
      lines
        .filter(({ type, path }) => path === wanted && type !== 'created' && type !== 'opened')
        .map(({ type, written }) => `${type}${written === true ? ' wrote' : ''}`);
    expect(said('/a')).toEqual(['written', 'closed wrote', 'closed', 'written', 'closed wrote']);
    expect(said('/none')).toEqual(['closed']);
    expect(said('/large')).toEqual(['written', 'closed wrote', 'closed', 'closed']);
    expect([requests['read'], requests['write']]).toEqual([undefined, undefined]);
  });

  describe.each<IoMode>(['passthrough', 'cached'])('(%s)', (io) => {
    ffmpeg.it(
      'that write frames are seen frame by frame, each whole',
      () => expectFrames(io),
      120_000,
    );
    ffmpeg.it('that write one file again and again are copied', () => expectCopies(io), 120_000);
  });

  python.it(
    'many at once are told of to the fast listener, wholly; the slow one knows what it lost',
    () => expectManyEvents(800, 60_000),
    90_000,
  );
});

describe('the end of a mount', () => {
  const folderOf = (folder: string) => (type: string) => ({ type, directory: folder });

  describe.each(['umount', 'fusermount3 -u', 'umount -l'])('from outside, by %s,', (command) => {
    rootMounts.it('is told, and ends a process that has nothing else to do', async () => {
      const folder = makeFolder();
      const server = await Server.startProgram('events.ts', [folder, 'outside']);
      await run('sh', ['-c', `${command} ${folder}`]);
      await server.exited;
      const event = folderOf(folder);
      expect(linesOf(server.output)).toEqual(
        expect.arrayContaining([event('mounted'), { signals: 'as before' }, event('unmounted')]),
      );
      expect(server.exitCode).toBe(0);
    });
  });

  rootMounts.it('is told to another thread when the worker that mounted ends', async () => {
    const folder = makeFolder();
    const { stdout, stderr } = await runNode(childProgram('events.ts'), [folder, 'worker']);
    expect(stderr).toBe('');
    expect(linesOf(stdout)).toEqual([
      { type: 'mounted', directory: folder },
      { type: 'unmounted', directory: folder },
    ]);
  });
});
