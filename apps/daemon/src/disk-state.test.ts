import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import {
  diskStatePath,
  listDiskStates,
  removeDiskState,
  removeLeftOvers,
  removeOrphans,
  writeDiskState,
} from './disk-state.ts';
import type { DiskState } from './disk-state.ts';

const state = (name: string, directory: string): DiskState => ({
  version: 1,
  name,
  directory: '/mnt',
  phase: 'mounted',
  server: { pid: 1, startTicks: 2, bootId: 'b' },
  socket: join(directory, 'ramd-1.sock'),
  log: '/log',
  maxBytes: 1024,
  since: '2026-01-01T00:00:00.000Z',
});

describe('disk states', () => {
  const directory = temporaryDirectory();

  it('are read as they were written, by name, for their user only', () => {
    writeDiskState(directory, state('b', directory));
    writeDiskState(directory, state('a', directory));
    writeDiskState(directory, { ...state('a', directory), device: '0:40' });
    expect(listDiskStates(directory)).toEqual([
      { ...state('a', directory), device: '0:40' },
      state('b', directory),
    ]);
    expect(statSync(diskStatePath(directory, 'a')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('stay when another server has taken the name', () => {
    removeDiskState(directory, 'a', 99);
    expect(listDiskStates(directory)).toHaveLength(2);
    removeDiskState(directory, 'a', 1);
    removeDiskState(directory, 'none', 1);
    expect(listDiskStates(directory).map(({ name }) => name)).toEqual(['b']);
  });

  it('are removed with the socket of the dead server, and with no other file', () => {
    const outside = temporaryDirectory();
    writeFileSync(join(outside, 'x.sock'), '');
    writeFileSync(join(directory, 'ramd-1.sock'), '');
    writeDiskState(directory, { ...state('c', directory), socket: join(outside, 'x.sock') });
    for (const one of listDiskStates(directory)) removeLeftOvers(directory, one);
    expect(readdirSync(directory)).toEqual([]);
    expect(readdirSync(outside)).toEqual(['x.sock']);
  });

  it('and what was left beside them go with the process that made it', () => {
    const gone = 2 ** 22 + 1;
    const own = `ramd-${process.pid}.sock`;
    const orphans = [`ramd-${gone}.sock`, `a.disk.json.${gone}`];
    const others = [own, 'lock', 'ramd-x.sock', `other-${gone}`, `a.disk.json.${process.pid}`];
    for (const name of [...orphans, ...others]) writeFileSync(join(directory, name), '');
    mkdirSync(join(directory, `lock.${gone}.1`));
    writeFileSync(join(directory, `lock.${gone}.1`, 'holder'), '');
    removeOrphans(directory);
    expect(readdirSync(directory).toSorted()).toEqual(others.toSorted());
    for (const name of others) rmSync(join(directory, name));
  });

  it('that make no sense are passed over', () => {
    const valid = JSON.stringify(state('renamed', directory));
    for (const [name, text] of [
      ['empty', ''],
      ['null', 'null'],
      ['array', '[]'],
      ['part', '{"version":1}'],
      ['other-name', valid],
      ['device', JSON.stringify({ ...state('device', directory), device: 5 })],
      ['version', valid.replace('"version":1', '"version":2').replace('renamed', 'version')],
      ['..', valid],
    ]) {
      writeFileSync(join(directory, `${name}.disk.json`), text ?? '');
    }
    mkdirSync(join(directory, 'folder.disk.json'));
    expect(listDiskStates(directory)).toEqual([]);
    expect(listDiskStates(join(directory, 'none'))).toEqual([]);
  });
});
