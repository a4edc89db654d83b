/// <reference lib="dom" />
import { existsSync } from 'node:fs';
import { requirement } from '@ram/test-support';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

export const browserNeeded = requirement(
  'Chromium',
  existsSync(executablePath),
  `there is no ${executablePath}; install the package chromium`,
);

/** A real browser that asks nobody but the page for anything. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // As root there is no sandbox; the rest keeps it from calling home.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A tab, and everything that a page should not have made happen in it. */
export interface Watched {
  readonly context: BrowserContext;
  readonly tab: Page;
  /** Errors and warnings of the console, uncaught errors, and requests to other origins. */
  readonly complaints: string[];
}

export async function openTab(browser: Browser, address: string): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const tab = await context.newPage();
  const complaints: string[] = [];
  const { origin } = new URL(address);
  tab.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(`${message.type()}: ${message.text()}`);
  });
  tab.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith(`blob:${origin}/`)) {
      complaints.push(`request to ${url}`);
    }
  });
  await tab.goto(address);
  return { context, tab, complaints };
}

export type Color = readonly [red: number, green: number, blue: number];

/**
 * The colors that an element really has on the screen, at places given as parts of its width and
 * height.
 */
export async function colorsOf(
  browser: Browser,
  element: Locator,
  places: readonly (readonly [number, number])[],
): Promise<Color[]> {
  const picture = await element.screenshot();
  const reader = await browser.newPage();
  try {
    return await reader.evaluate(readColors, {
      url: `data:image/png;base64,${picture.toString('base64')}`,
      places,
    });
  } finally {
    await reader.close();
  }
}

/** Runs in the browser. */
async function readColors(given: {
  url: string;
  places: readonly (readonly [number, number])[];
}): Promise<Color[]> {
  const { url, places } = given;
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.drawImage(bitmap, 0, 0);
  return places.map(([x, y]) => {
    const at: [number, number] = [
      Math.min(bitmap.width - 1, Math.floor(x * bitmap.width)),
      Math.min(bitmap.height - 1, Math.floor(y * bitmap.height)),
    ];
    const [red = 0, green = 0, blue = 0] = context.getImageData(...at, 1, 1).data;
    return [red, green, blue] as const;
  });
}
