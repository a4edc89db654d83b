import { promises } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { join, toFsPath } from './byte-string.ts';
import { idOf } from './content-name.ts';
import { lookAtName } from './facts.ts';

/**
 * All links to contents below a directory, from content to link, those of other users left out.
 * Follows no links and stays on one file system; what can't be read is passed over.
 */
export async function findLinks(top: ByteString): Promise<Map<ByteString, ByteString>> {
  const found = new Map<ByteString, ByteString>();
  const device = lookAtName(top)?.device;
  const waiting = [top];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const entry of await readDirectory(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (lookQuietly(path)?.device === device) waiting.push(path);
      } else if (entry.isSymbolicLink() && !entry.name.startsWith('.memfile-')) {
        const { target, uid } = lookQuietly(path) ?? {};
        const own = uid === process.geteuid?.();
        if (own && target?.startsWith('/') && idOf(target) !== undefined) found.set(target, path);
      }
    }
  }
  return found;
}

async function readDirectory(path: ByteString) {
  try {
    // @types/node knows no encodings but utf8 and buffer here.
    const options = { encoding: 'latin1' as 'utf8', withFileTypes: true } as const;
    return await promises.readdir(toFsPath(path), options);
  } catch {
    return [];
  }
}

function lookQuietly(path: ByteString) {
  try {
    return lookAtName(path);
  } catch {
    return undefined;
  }
}
