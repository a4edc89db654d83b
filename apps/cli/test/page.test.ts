import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { browserNeeded, colorsOf, launchBrowser, openTab } from './browser.ts';
import type { Watched } from './browser.ts';
import { createSandbox, fuse } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const picture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.jpg.base64`, import.meta.url), 'latin1');

const both = fuse.available ? browserNeeded : fuse;

both.describe('the page of a disk, in a browser', () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let opened: Watched[] = [];
  let tab: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    sandbox = await createSandbox('self');
    await sandbox.shell('mkdir disk');
  });

  afterAll(async () => {
    await browser.close();
    await sandbox.dispose();
  });

  beforeEach(async () => {
    const directory = join(sandbox.directory, 'disk');
    const flags = ['--size', '64M', '--page', '--json'];
    const mounted = await sandbox.ram('mount', directory, ...flags);
    expect(mounted, mounted.stderr).toMatchObject({ code: 0 });
    const { page } = JSON.parse(mounted.stdout) as { page: { address: string } };
    tab = await open(page.address);
  });

  afterEach(async () => {
    const complaints = opened.flatMap((one) => one.complaints);
    for (const { context } of opened) await context.close();
    opened = [];
    await sandbox.clear();
    expect(complaints).toEqual([]);
  });

  async function open(address: string): Promise<Page> {
    const watched = await openTab(browser, address);
    opened.push(watched);
    return watched.tab;
  }

  const newAddress = async (): Promise<string> => (await sandbox.ram('page')).stdout.trim();
  const paths = (): Promise<string[]> => tab.locator('#files th').allTextContents();
  const caption = (): Promise<string | null> => tab.locator('#newest-caption').textContent();
  const write = async (script: string): Promise<void> => {
    const result = await sandbox.shell(`cd disk && ${script}`);
    expect(result, result.stderr).toMatchObject({ code: 0 });
  };
  const writePicture = (name: string, path: string): Promise<void> =>
    write(`base64 -d <<< '${picture(name)}' > ${path}`);
  const state = (): Locator => tab.locator('#state');

  describe('its address', () => {
    it('opens the page once, and nothing of it stays in the address bar', async () => {
      const address = await newAddress();
      const other = await open(address);
      expect(new URL(other.url()).search + new URL(other.url()).pathname).toBe('/');
      await expect.poll(() => other.title()).toBe('disk · ram');
      await other.reload();
      await expect.poll(() => other.title()).toBe('disk · ram');

      const late = await browser.newPage();
      const answer = await late.goto(address);
      expect(answer?.status()).toBe(403);
      expect(await late.textContent('body')).toMatch(/works once.*ram page/s);
      await late.close();
    });

    it('is needed: without it there is a page that says what to do', async () => {
      const stranger = await browser.newPage();
      const answer = await stranger.goto(new URL('/', tab.url()).href);
      expect(answer?.status()).toBe(403);
      expect(await stranger.textContent('body')).toMatch(/ram page/);
      await stranger.close();
    });

    it('works behind a link on another site', async () => {
      const context = await browser.newContext();
      const site = await context.newPage();
      const address = await newAddress();
      await context.route('http://site.example/', (route) =>
        route.fulfill({ contentType: 'text/html', body: `<a href="${address}">the disk</a>` }),
      );
      await site.goto('http://site.example/');
      await site.click('a');
      await site.waitForSelector('[data-state=live]');
      expect(new URL(site.url()).pathname + new URL(site.url()).search).toBe('/');
      await context.close();
    });

    it('is no use to what runs on another port, in a browser that has access', async () => {
      await writePicture('red', 'secret.jpg');
      await expect.poll(caption).toMatch(/secret/);
      const { origin } = new URL(tab.url());
      const server = createServer((_, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<img src="${origin}/image/1" onload="document.title += ' image'">
          <script src="${origin}/page.js" onload="document.title += ' script'"></script>
          <iframe src="${origin}/"></iframe>
          <script>onload = () => (document.title += ' done')</script>`);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const other = await tab.context().newPage();
      await other.goto(`http://127.0.0.1:${port}/`);
      await expect.poll(() => other.title()).toMatch(/done$/);
      expect(await other.title()).toBe('done');
      expect(await other.frames()[1]?.locator('#disk-name').count()).toBe(0);
      server.close();
      server.closeAllConnections();
      // Requests of that other page.
      for (const one of opened) one.complaints.splice(0);
    });

    it('can be given back', async () => {
      await tab.click('#leave');
      await tab.waitForFunction(() => document.title.startsWith('This needs'));
      // The answer 403 to the reload is what was wanted.
      for (const one of opened) one.complaints.splice(0);
    });
  });

  describe('the files', () => {
    it('come and go as another program writes them', async () => {
      await expect.poll(() => state().textContent()).toBe('live');
      expect(await tab.textContent('#files-empty')).toContain(join(sandbox.directory, 'disk'));
      await write('mkdir d && echo hello > d/a && head -c 3000 /dev/zero > b');
      await expect.poll(async () => (await paths()).toSorted()).toEqual(['/b', '/d/a']);
      expect(await tab.textContent('#files tr:has-text("/b") td')).toBe('2.9 KiB');
      await write('rm b && mv d e');
      await expect.poll(paths).toEqual(['/e/a']);
      await expect.poll(() => tab.textContent('#events')).toMatch(/removed \/b/);
      expect(await tab.textContent('#events')).toMatch(/renamed \/d → \/e/);
    });

    it('are text, whatever their names are', async () => {
      const names = [
        '<img src=x onerror=alert(1)>',
        `"quotes" 'and' &amp;`,
        '\u{1f600}.txt',
        'a\nb',
        'rtl\u202egpj.exe',
      ];
      for (const name of names) await write(`: > $'${[...Buffer.from(name)].map(octal).join('')}'`);
      await write(String.raw`: > $'\377\376'`);
      await expect
        .poll(async () => (await paths()).toSorted())
        .toEqual(
          [
            '/<img src=x onerror=alert(1)>',
            `/"quotes" 'and' &amp;`,
            '/\u{1f600}.txt',
            '/a⟨U+000A⟩b',
            '/rtl⟨U+202E⟩gpj.exe',
            '/\ufffd\ufffd',
          ].toSorted(),
        );
      expect(await tab.locator('#files img').count()).toBe(0);
    });

    it('are filtered, and shown so many at a time', async () => {
      await write('for i in {1..250}; do : > "file $i"; done; : > other');
      const rows = tab.locator('#files tr');
      await expect.poll(() => tab.textContent('#files-count')).toBe('251 files');
      expect(await rows.count()).toBe(100);
      await tab.click('#more');
      await tab.click('#more');
      await expect.poll(() => rows.count()).toBe(251);
      await tab.fill('#filter', 'OTHER');
      await expect.poll(paths).toEqual(['/other']);
    });
  });

  describe('the newest image', () => {
    it('appears when it is closed, and not before', async () => {
      const directory = join(sandbox.directory, 'disk');
      const script = `exec 3> ${directory}/live.jpg
        base64 -d <<< '${picture('red')}' >&3; echo written; read -r; exec 3>&-; echo closed; cat`;
      const writer = sandbox.start('bash', ['-c', script]);
      await expect.poll(() => writer.output()).toBe('written\n');
      await expect.poll(paths).toEqual(['/live.jpg']);
      expect(await tab.isVisible('#newest')).toBe(false);
      expect(await tab.textContent('#placeholder')).toMatch(/^No image yet/);
      writer.child.stdin?.write('\n');
      await expect.poll(caption).toMatch(/^\/live\.jpg\n320 × 200 · /);
      expect(await tab.isVisible('#newest')).toBe(true);
      expect(await tab.isVisible('#placeholder')).toBe(false);
      writer.child.kill('SIGKILL');
    });

    it('is shown as it is, and masked by a circle', async () => {
      await writePicture('red', 'a.jpg');
      await tab.waitForSelector('#stage[data-image="1"]');
      const corners = [
        [0.02, 0.02],
        [0.98, 0.02],
        [0.02, 0.98],
        [0.98, 0.98],
      ] as const;
      const ground = await groundColor(tab);
      // The picture is as wide as what holds it, or as high: the square around its middle is seen.
      const plain = await colorsOf(browser, tab.locator('#newest'), [
        [0.5, 0.5],
        [0.3, 0.5],
      ]);
      expect(plain.map(nameOf)).toEqual(['red', 'red']);
      const masked = tab.locator('#masked');
      expect((await colorsOf(browser, masked, corners)).map(String)).toEqual(
        corners.map(() => ground),
      );
      const middle = await colorsOf(browser, masked, [
        [0.5, 0.5],
        [0.45, 0.3],
        [0.5, 0.85],
      ]);
      expect(middle.map(nameOf)).toEqual(['red', 'red', 'red']);
      const circle = await tab
        .locator('#circle circle')
        .evaluate((element) => ['cx', 'cy', 'r'].map((name) => element.getAttribute(name)));
      expect(circle).toEqual(['160', '100', '100']);
    });

    it('is always the last of many, in both places', async () => {
      await write(`for i in {1..40}; do
        base64 -d <<< '${picture('red')}' > red$i.jpg
        base64 -d <<< '${picture('blue')}' > blue$i.jpg
      done`);
      await expect.poll(caption).toMatch(/^\/blue40\.jpg/);
      const [plain] = await colorsOf(browser, tab.locator('#newest'), [[0.5, 0.5]]);
      const [masked] = await colorsOf(browser, tab.locator('#masked'), [[0.5, 0.5]]);
      expect([plain, masked].map((color) => color && nameOf(color))).toEqual(['blue', 'blue']);
    });

    it('is what was there before the page was opened', async () => {
      await writePicture('blue', 'early.jpg');
      tab = await open(await newAddress());
      await expect.poll(caption).toMatch(/^\/early\.jpg/);
    });

    it.each([
      ['half.jpg', `base64 -d <<< '${picture('red')}' | head -c 600`, /ends in the middle/],
      ['empty.png', 'true', /is empty/],
      ['page.gif', 'echo "<script>alert(1)</script>"', /is no image/],
      [
        'huge.png',
        `printf '\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR\\0\\0\\xff\\xff\\0\\0\\xff\\xff'`,
        /65535 × 65535 is too large/,
      ],
    ])('is never %s: a text says why', async (name, produce, why) => {
      await write(`${produce} > ${name}`);
      await expect.poll(() => tab.textContent('#placeholder')).toMatch(why);
      await writePicture('red', 'good.jpg');
      await expect.poll(caption).toMatch(/^\/good\.jpg/);
      await write(`${produce} > again-${name}`);
      await expect.poll(() => tab.textContent('#refused')).toMatch(why);
      expect(await caption()).toMatch(/^\/good\.jpg/);
    });

    it('whose content is broken leaves the one before, and a text', async () => {
      await writePicture('red', 'good.jpg');
      await expect.poll(caption).toMatch(/^\/good\.jpg/);
      // Right from outside: a header, a chunk of nonsense, an end.
      const head = String.raw`\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0`;
      const rest = String.raw`\0\0\0\0\0\0\0\x04IDATxxxx\0\0\0\0\0\0\0\0IEND\0\0\0\0`;
      await write(`printf '${head}${rest}' > broken.png`);
      await expect.poll(() => tab.textContent('#refused')).toMatch(/can't decode it/);
      expect(await caption()).toMatch(/^\/good\.jpg/);
    });
  });

  describe('the connection', () => {
    it('comes again by itself, and the page catches up', async () => {
      await tab.route('**/events', (route) => route.abort('connectionreset'));
      await tab.reload();
      await expect.poll(() => state().textContent()).toBe('reconnecting …');
      await write('echo a > meanwhile');
      await tab.unroute('**/events');
      await expect.poll(() => state().textContent()).toBe('live');
      await expect.poll(paths).toEqual(['/meanwhile']);
      for (const one of opened) one.complaints.splice(0);
    });

    it('ends with the disk, and the page says so', async () => {
      await expect.poll(() => state().textContent()).toBe('live');
      await sandbox.ram('umount', 'disk', '--yes');
      await expect.poll(() => state().textContent()).toMatch(/^unmounted/);
    });

    it('can be paused', async () => {
      await tab.click('#pause');
      await write('echo a > paused');
      const other = await open(await newAddress());
      await expect.poll(() => other.locator('#files th').allTextContents()).toEqual(['/paused']);
      expect(await paths()).toEqual([]);
      await tab.click('#pause');
      await expect.poll(paths).toEqual(['/paused']);
    });
  });
});

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}

/** What lies behind the masked image. */
async function groundColor(tab: Page): Promise<string> {
  const text = await tab
    .locator('.masked .frame')
    .evaluate((element) => getComputedStyle(element).backgroundColor);
  return (text.match(/\d+/g) ?? []).join();
}

/** JPEG is not exact. */
function nameOf([red, green, blue]: readonly [number, number, number]): string {
  if (red > 220 && green < 40 && blue < 40) return 'red';
  return blue > 220 && red < 40 && green < 40 ? 'blue' : `${red},${green},${blue}`;
}
