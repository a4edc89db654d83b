import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@ram/test-support';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { browserNeeded, launchBrowser, openTab } from './browser.ts';
import type { Watched } from './browser.ts';
import { createSandbox, fuse } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const { error } = spawnSync('ffmpeg', ['-version']);
const ffmpeg = requirement('ffmpeg', error === undefined, 'install the package ffmpeg');
const all = [fuse, browserNeeded, ffmpeg].find(({ available }) => !available) ?? ffmpeg;

const limitMs = 600_000;
const pageTimeout = { timeout: 120_000 };

all.describe('the page of a busy disk', () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let watched: Watched;
  let serverPid: number;

  beforeAll(async () => {
    browser = await launchBrowser();
    sandbox = await createSandbox('self');
    await sandbox.shell('mkdir disk');
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await sandbox.dispose();
  });

  beforeEach(async () => {
    const flags = ['--size', '1G', '--page', '--json'];
    const mounted = await sandbox.ram('mount', join(sandbox.directory, 'disk'), ...flags);
    const { page } = JSON.parse(mounted.stdout) as { page: { address: string } };
    const { stdout } = await sandbox.ram('status', '--json');
    serverPid = (JSON.parse(stdout) as { disks: [{ pid: number }] }).disks[0].pid;
    watched = await openTab(browser, page.address);
  });

  afterEach(async () => {
    await watched.context.close();
    await sandbox.clear();
    expect(watched.complaints).toEqual([]);
  });

  const run = async (script: string): Promise<void> => {
    const result = await sandbox.shell(`cd disk && ${script}`, { timeoutMs: limitMs });
    expect(result, result.stderr).toMatchObject({ code: 0, timedOut: false });
  };
  /** Without what it shares with the disk itself. */
  const privateMebibytes = (): number => {
    const text = readFileSync(`/proc/${serverPid}/status`, 'latin1');
    return Number(/^RssAnon:\s*(\d+)/m.exec(text)?.[1]) / 1024;
  };
  const film = (frames: number): string =>
    `ffmpeg -v error -y -f lavfi -i testsrc=size=320x200 -frames:v ${frames}`;
  const shownImage = (): Promise<string | null> =>
    watched.tab.locator('#stage').getAttribute('data-image');

  // An image has the number of those before it, and one more: none is missed and none is torn.
  it.each([
    ['a file each', '%05d.jpg', '/05000.jpg'],
    ['one file that is overwritten', '-update 1 live.jpg', '/live.jpg'],
  ])('shows the last of 5,000 frames in %s, and has seen all', async (_name, target, last) => {
    await run(`${film(1_000)} ${target}`);
    const before = privateMebibytes();
    await run(`${film(5_000)} ${target}`);
    await expect.poll(shownImage, pageTimeout).toBe('6000');
    const { tab } = watched;
    expect((await tab.textContent('#newest-caption'))?.split('\n')[0]).toBe(last);
    expect(await tab.textContent('#refused')).toBe('');
    // What the garbage collector leaves lying is not counted to the byte.
    expect(privateMebibytes() - before).toBeLessThan(64);
  });

  it('bears 100,000 files', async () => {
    const { tab } = watched;
    const counted = (): Promise<string | null> => tab.textContent('#files-count');
    await run(`for d in {1..100}; do mkdir $d && (cd $d && touch {1..1000}); done`);
    await expect.poll(counted, pageTimeout).toMatch(/^the newest 1,000 of 100,100 /);
    expect(await tab.locator('#files tr').count()).toBe(100);
    await run('for d in {1..100}; do mv $d moved-$d; done');
    const first = (): Promise<string | null> => tab.locator('#files th').first().textContent();
    await expect.poll(first, pageTimeout).toMatch(/^\/moved-/);
    await run('rm -r moved-{2..100}');
    await expect.poll(counted, pageTimeout).toMatch(/^(?:the newest 1,000 of 1,001 |1,000 files)/);
    await expect.poll(first, pageTimeout).toMatch(/^\/moved-1\//);
    expect(privateMebibytes()).toBeLessThan(256);
  });
});
