import { describe, expect, it } from 'vitest';
import type { PageDisk, PageEvent, PageFile } from '../protocol.ts';
import { PageModel } from './page-model.ts';

const disk: PageDisk = {
  name: 'disk',
  directory: '/mnt',
  maxBytes: 100,
  usedBytes: 1,
  entries: 3,
  filesMax: 3,
};
const file = (path: string, changedAt: number): PageFile => ({
  path,
  kind: 'file',
  sizeBytes: 1,
  changedAt,
});
const event = (id: number): PageEvent => ({ id, at: id, type: 'created', path: `/${id}` });
const nothing = { image: null, refused: null };
const pathsOf = (model: PageModel): string[] => model.files().map(({ path }) => path);

function modelWith(...files: PageFile[]): PageModel {
  const model = new PageModel();
  model.takeSnapshot({ disk, files, events: [event(1)], ...nothing });
  return model;
}

describe('PageModel', () => {
  it('has the newest files first, and of one time the last by name', () => {
    const model = modelWith(file('/old', 1), file('/f1', 2), file('/f2', 2));
    expect(pathsOf(model)).toEqual(['/f2', '/f1', '/old']);
  });

  it('takes changes over', () => {
    const model = modelWith(file('/a', 1), file('/b', 2));
    const changes = { disk, files: [file('/a', 3), file('/c', 2)], removed: ['/b', '/unknown'] };
    model.takeChanges({ ...changes, events: [event(2), event(3)] });
    expect(pathsOf(model)).toEqual(['/a', '/c']);
    expect(model.events.map(({ id }) => id)).toEqual([3, 2, 1]);
  });

  it('keeps no more files than the server does, nor more than 100 events', () => {
    const model = modelWith(file('/a', 1));
    for (let i = 2; i < 200; i += 1) {
      const files = [file(`/${i}`, i)];
      model.takeChanges({ disk, files, removed: [], events: [event(i)] });
    }
    expect(pathsOf(model)).toEqual(['/199', '/198', '/197']);
    expect(model.isPartial).toBe(true);
    expect(model.events).toHaveLength(100);
  });

  it('forgets all it knew at a snapshot', () => {
    const model = modelWith(file('/a', 1));
    model.takeSnapshot({ disk, files: [file('/b', 1)], events: [], ...nothing });
    expect(pathsOf(model)).toEqual(['/b']);
    expect(model.events).toEqual([]);
    expect(model.isPartial).toBe(false);
  });
});
