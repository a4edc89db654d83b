import type { PageFile } from '@ram/viewer';
import { describe, expect, it } from 'vitest';
import { EventFeed } from './event-feed.ts';
import { RecentFiles } from './recent-files.ts';

const file = (path: string, changedAt: number): PageFile => ({
  path,
  kind: 'file',
  sizeBytes: 1,
  changedAt,
});
const pathsOf = (files: readonly PageFile[]): string[] => files.map(({ path }) => path).toSorted();

describe('RecentFiles', () => {
  it('tells what is new since a version', () => {
    const files = new RecentFiles(10);
    files.put(file('/a', 1));
    files.put(file('/b', 2));
    const first = files.changesSince(0);
    expect(first).toMatchObject({ removed: [], files: [{ path: '/a' }, { path: '/b' }] });
    files.put(file('/b', 3));
    files.remove('/a');
    expect(files.changesSince(first?.version ?? 0)).toMatchObject({
      removed: ['/a'],
      files: [{ path: '/b', changedAt: 3 }],
    });
    expect(files.changesSince(files.version)).toMatchObject({ removed: [], files: [] });
  });

  it('counts a file that went and came again as there', () => {
    const files = new RecentFiles(10);
    files.put(file('/a', 1));
    files.remove('/a');
    files.put(file('/a', 2));
    expect(files.changesSince(0)).toMatchObject({ removed: [], files: [{ changedAt: 2 }] });
  });

  it('keeps the newest, whatever comes', () => {
    const files = new RecentFiles(10);
    for (let i = 0; i < 10_000; i += 1) files.put(file(`/${i}`, i));
    expect(files.size).toBeLessThanOrEqual(20);
    expect(pathsOf(files.all())).toEqual(
      Array.from({ length: 10 }, (_, i) => `/${9_990 + i}`).toSorted(),
    );
    expect(files.hasDropped).toBe(true);
  });

  it('sends a reader that fell behind back to the whole list', () => {
    const files = new RecentFiles(10);
    for (let i = 0; i < 100; i += 1) {
      files.put(file(`/${i}`, i));
      files.remove(`/${i}`);
    }
    expect(files.changesSince(0)).toBeUndefined();
    expect(files.changesSince(files.version - 4)).toMatchObject({ removed: ['/98', '/99'] });
  });

  it('takes a new list over, but for what changed meanwhile', () => {
    const files = new RecentFiles(10);
    files.put(file('/old', 1));
    const { version } = files;
    files.put(file('/meanwhile', 2));
    const gone = new Set(['/removed']);
    files.replace([file('/found', 1), file('/removed', 1)], version, (path) => gone.has(path));
    expect(pathsOf(files.all())).toEqual(['/found', '/meanwhile']);
    expect(files.changesSince(version)).toBeUndefined();
  });
});

describe('EventFeed', () => {
  it('keeps the latest, with their numbers', () => {
    const feed = new EventFeed(3);
    for (let at = 1; at <= 10; at += 1) feed.add({ at, type: 'created', path: '/a' });
    expect(feed.since(0)).toMatchObject([{ id: 8 }, { id: 9 }, { id: 10 }]);
    expect(feed.since(9)).toMatchObject([{ id: 10 }]);
    expect(feed.since(10)).toEqual([]);
  });
});
