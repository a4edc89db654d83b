import { readFileSync } from 'node:fs';
import { Volume } from '@ram/fs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskWatch } from './disk-watch.ts';
import type { DiskEvent, PageDiskSource } from './page-disk.ts';
import { volumeEvents } from './volume-events.ts';

const picture = readFileSync(new URL('../../test/fixtures/circle.jpg', import.meta.url));
const filesMax = 1_000;

let volume: Volume;
let watch: DiskWatch;
let told: string[];
let reports: unknown[];

function start(events: PageDiskSource['events'] = (signal) => volumeEvents(volume, signal)): void {
  watch = new DiskWatch(
    {
      name: 'disk',
      directory: '/mnt',
      fs: volume.fs,
      usage: () => volume.usage(),
      events,
      report: (error) => reports.push(error),
    },
    {
      imageChanged: () => told.push('image'),
      listChanged: () => {},
      listReplaced: () => told.push('replaced'),
      ended: () => told.push('ended'),
    },
  );
}

beforeEach(() => {
  [told, reports] = [[], []];
  volume = new Volume({ maxBytes: '64M' });
});

afterEach(() => {
  watch.close();
  volume.close();
  expect(reports).toEqual([]);
});

/** As a reader of the page sees it. */
function paths(): string[] {
  watch.refresh();
  return watch.files
    .all()
    .map(({ path }) => path)
    .toSorted();
}

const shown = (): string | undefined => watch.image.images().image?.path;
const refused = (): unknown => watch.image.images().refused;

describe('the list of files', () => {
  it('follows what happens', async () => {
    start();
    volume.fs.mkdirSync('/d');
    volume.fs.writeFileSync('/d/a', 'one');
    volume.fs.writeFileSync('/b', 'two');
    volume.fs.symlinkSync('/b', '/link');
    await expect.poll(paths).toEqual(['/b', '/d/a', '/link']);
    volume.fs.renameSync('/b', '/c');
    volume.fs.unlinkSync('/d/a');
    volume.fs.writeFileSync('/c', 'longer than before');
    await expect.poll(paths).toEqual(['/c', '/link']);
    await expect.poll(() => (paths(), watch.files.get('/c')?.sizeBytes)).toBe(18);
    expect(watch.files.get('/link')?.kind).toBe('link');
    expect(watch.disk()).toMatchObject({ name: 'disk', entries: 3, filesMax });
  });

  it('knows what was there before', async () => {
    volume.fs.mkdirSync('/d/e', { recursive: true });
    volume.fs.writeFileSync('/d/e/a', '');
    start();
    await expect.poll(paths).toEqual(['/d/e/a']);
  });

  it('follows a directory that is renamed with all that is in it', async () => {
    start();
    volume.fs.mkdirSync('/d');
    volume.fs.writeFileSync('/d/a', '');
    await expect.poll(paths).toEqual(['/d/a']);
    volume.fs.renameSync('/d', '/moved');
    await expect.poll(paths).toEqual(['/moved/a']);
  });

  it('shows how a file grows that is being written', async () => {
    start();
    const descriptor = volume.fs.openSync('/log', 'w');
    await expect.poll(paths).toEqual(['/log']);
    volume.fs.writeSync(descriptor, 'x'.repeat(1000));
    expect(watch.isGrowing).toBe(true);
    expect((paths(), watch.files.get('/log')?.sizeBytes)).toBe(1000);
    volume.fs.closeSync(descriptor);
    await expect.poll(() => watch.isGrowing).toBe(false);
    volume.fs.mkdirSync('/d');
    volume.fs.symlinkSync('/log', '/link');
    await expect.poll(paths).toEqual(['/link', '/log']);
    expect(watch.isGrowing).toBe(false);
  });

  it('holds names that are no UTF-8 as text', async () => {
    start();
    volume.fs.writeFileSync(Buffer.from('/\xff\xfe', 'latin1'), 'x');
    await expect.poll(paths).toEqual(['/\ufffd\ufffd']);
    volume.fs.unlinkSync(Buffer.from('/\xff\xfe', 'latin1'));
    await expect.poll(paths).toEqual([]);
  });

  it('is bounded, and finds older files again when newer ones go', async () => {
    start();
    const count = 2_500;
    for (let i = 0; i < count; i += 1) volume.fs.writeFileSync(`/${i}`, '');
    await expect.poll(() => paths().includes(`/${count - 1}`)).toBe(true);
    expect(paths().length).toBeLessThanOrEqual(filesMax);
    for (let i = 100; i < count; i += 1) volume.fs.unlinkSync(`/${i}`);
    await expect.poll(() => paths().length).toBe(100);
  });

  it('takes a whole new list after events were lost', async () => {
    volume.fs.writeFileSync('/lost', '');
    async function* overflow(): AsyncGenerator<DiskEvent> {
      yield { type: 'overflow', lost: 7, open: () => -1 };
      await new Promise(() => {});
    }
    start(overflow);
    await expect.poll(() => (paths(), told)).toContain('replaced');
    expect(paths()).toEqual(['/lost']);
    expect(watch.feed.since(0)).toMatchObject([{ type: 'overflow', sizeBytes: 7 }]);
  });
});

describe('the newest image', () => {
  it('is shown when it is closed, and not before', async () => {
    start();
    const descriptor = volume.fs.openSync('/a.jpg', 'w');
    volume.fs.writeSync(descriptor, picture);
    await expect.poll(paths).toEqual(['/a.jpg']);
    expect(shown()).toBeUndefined();
    volume.fs.closeSync(descriptor);
    await expect.poll(shown).toBe('/a.jpg');
    expect(watch.image.images().image).toMatchObject({ width: 320, height: 200, removed: false });
    expect(watch.image.bytes()?.bytes.equals(picture)).toBe(true);
  });

  it('is not one that somebody reads while another still writes to it', async () => {
    start();
    const writer = volume.fs.openSync('/a.jpg', 'w');
    volume.fs.writeSync(writer, picture);
    expect(volume.fs.readFileSync('/a.jpg').length).toBe(picture.length);
    volume.fs.writeFileSync('/after', '');
    await expect.poll(paths).toEqual(['/a.jpg', '/after']);
    expect([shown(), watch.isGrowing]).toEqual([undefined, true]);
    volume.fs.closeSync(writer);
    await expect.poll(shown).toBe('/a.jpg');
  });

  it('stays whole while the file is overwritten', async () => {
    start();
    volume.fs.writeFileSync('/a.jpg', picture);
    await expect.poll(shown).toBe('/a.jpg');
    const descriptor = volume.fs.openSync('/a.jpg', 'w');
    volume.fs.writeSync(descriptor, 'no image');
    expect(watch.image.bytes()?.bytes.equals(picture)).toBe(true);
    volume.fs.closeSync(descriptor);
    await expect.poll(refused).toMatchObject({ path: '/a.jpg', reason: 'no-image' });
    expect(watch.image.bytes()?.bytes.equals(picture)).toBe(true);
  });

  it.each([
    ['/half.jpg', picture.subarray(0, picture.length / 2), 'incomplete'],
    ['/empty.png', Buffer.alloc(0), 'empty'],
    ['/page.gif', Buffer.from('<script>alert(1)</script>'), 'no-image'],
    ['/huge', pngHeader(60_000, 60_000), 'too-many-pixels'],
    ['/large', Buffer.concat([pngHeader(10, 10), Buffer.alloc(33 * 2 ** 20)]), 'too-many-bytes'],
  ])('is never %s', async (path, bytes, reason) => {
    start();
    volume.fs.writeFileSync('/good.jpg', picture);
    await expect.poll(shown).toBe('/good.jpg');
    volume.fs.writeFileSync(path, bytes);
    await expect.poll(refused).toMatchObject({ path, reason, sizeBytes: bytes.length });
    expect(shown()).toBe('/good.jpg');
    volume.fs.writeFileSync('/good.jpg', picture);
    await expect.poll(refused).toBeNull();
  });

  it('is none of the files that are no images and do not say so', async () => {
    start();
    volume.fs.writeFileSync('/notes.txt', 'text');
    volume.fs.writeFileSync('/page.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
    volume.fs.writeFileSync('/last.jpg', picture);
    await expect.poll(shown).toBe('/last.jpg');
    expect(told).toEqual(['image']);
  });

  it('keeps its bytes when the file is renamed or removed', async () => {
    start();
    volume.fs.writeFileSync('/a.tmp', picture);
    volume.fs.renameSync('/a.tmp', '/a.jpg');
    await expect.poll(shown).toBe('/a.jpg');
    volume.fs.unlinkSync('/a.jpg');
    await expect.poll(() => watch.image.images().image?.removed).toBe(true);
    expect(watch.image.bytes()?.bytes.equals(picture)).toBe(true);
  });

  it('is found among files that were there before', async () => {
    volume.fs.writeFileSync('/a.jpg', picture);
    volume.fs.writeFileSync('/half.jpg', picture.subarray(0, 1000));
    start();
    watch.refresh();
    await expect.poll(shown).toBe('/a.jpg');
    expect(refused()).toBeNull();
  });
});

describe('the end', () => {
  it('comes when the disk is closed', async () => {
    start();
    volume.close();
    await expect.poll(() => told).toEqual(['ended']);
    expect(() => watch.refresh()).not.toThrow();
  });

  it('comes when the events fail, which is reported and nothing else', async () => {
    start(() => {
      throw new Error('no events');
    });
    await expect.poll(() => told).toEqual(['ended']);
    expect(reports.splice(0)).toMatchObject([{ message: 'no events' }]);
  });
});

/** The beginning of a PNG. */
function pngHeader(width: number, height: number): Buffer {
  const bytes = Buffer.from(
    '89504e470d0a1a0a0000000d49484452000000000000000008020000000000',
    'hex',
  );
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}
