import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** Where a test has its links, on disk, and its contents, in memory. */
export interface Place {
  disk: string;
  memory: string;
  /** In `disk`. */
  at(name: string): string;
}

/** Both are new for each test, and gone after it. */
export function usePlace(): Place {
  const place: Place = { disk: '', memory: '', at: (name) => join(place.disk, name) };
  beforeEach(() => {
    place.disk = mkdtempSync(join(tmpdir(), 'ram-memfile-'));
    place.memory = mkdtempSync('/dev/shm/ram-memfile-test-');
  });
  afterEach(() => {
    for (const path of [place.disk, place.memory]) rmSync(path, { recursive: true, force: true });
  });
  return place;
}

/** Names in both, in order; contents and records without their random parts. */
export function namesIn(place: Place): { disk: string[]; memory: string[] } {
  const short = (name: string): string => name.replace(/-memfile-[0-9a-f]{16}/, '~');
  return {
    disk: readdirSync(place.disk).toSorted(),
    memory: readdirSync(place.memory).map(short).toSorted(),
  };
}

export function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

export function emptyPlace(place: Place): void {
  for (const folder of [place.disk, place.memory]) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }
}
