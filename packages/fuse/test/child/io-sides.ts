// The sides from which a file of a mounted Volume can be seen and changed: descriptors on mounts, a
// client's shared mapping, volume.fs, views.
import assert from 'node:assert';
import type fs from 'node:fs';
import type { Volume } from '@ram/fs-core';
import type { Mapper } from './mapper.ts';

export const markLength = 8;

export type SideKind = 'descriptor' | 'inside' | 'mapped' | 'view' | 'writable view';

export interface Side {
  readonly kind: SideKind;
  /** Which mount it goes through; -1: none. */
  readonly mount: number;
  /** Absent where nothing can be written. */
  write?(text: string, offset: number): void | Promise<unknown>;
  /** Makes the file longer. Absent where that is impossible. */
  grow?(text: string, offset: number): void;
  read(offset: number): string | Promise<string>;
  /** The size that it sees. Absent where it sees none. */
  size?(): number;
  /** After which others see what was written, where that isn't at once. */
  publish?(): Promise<unknown>;
  end(): void | Promise<unknown>;
}

export function descriptorSide(api: typeof fs, path: string, mount: number): Side {
  const fd = api.openSync(path, 'r+');
  const write = (text: string, offset: number) => {
    assert.equal(api.writeSync(fd, text, offset), text.length);
  };
  return {
    kind: mount < 0 ? 'inside' : 'descriptor',
    mount,
    write,
    grow: write,
    read: (offset) => {
      const buffer = Buffer.alloc(markLength);
      api.readSync(fd, buffer, 0, markLength, offset);
      return buffer.toString('latin1');
    },
    size: () => {
      const { size } = api.fstatSync(fd);
      assert.equal(api.statSync(path).size, size);
      return size;
    },
    end: () => api.closeSync(fd),
  };
}

/** A mapping that reaches behind the end of the file. */
export async function mappedSide(
  mapper: Mapper,
  path: string,
  length: number,
  mount: number,
): Promise<Side> {
  const name = `m${mount}`;
  assert.equal(await mapper.ask('map', name, path, length), 'ok');
  const write = async (text: string, offset: number) =>
    assert.equal(await mapper.ask('store', name, offset, text), 'ok');
  return {
    kind: 'mapped',
    mount,
    write,
    read: (offset) => mapper.ask('load', name, offset, markLength),
    publish: async () => assert.equal(await mapper.ask('sync', name), 'ok'),
    end: () => mapper.ask('unmap', name),
  };
}

export function viewSide(volume: Volume, path: string, writable: boolean): Side {
  const view = volume.view(path, { writable });
  const write = (text: string, offset: number) => {
    assert.equal(view.write(text, offset, 'latin1'), text.length);
  };
  return {
    kind: writable ? 'writable view' : 'view',
    mount: -1,
    ...(writable ? { write } : {}),
    // What came behind its end is in a view that is made now.
    read: (offset) => {
      const bytes = offset < view.length ? view : volume.view(path);
      return bytes.toString('latin1', offset, offset + markLength);
    },
    end: () => {},
  };
}
