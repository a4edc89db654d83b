// What programs of others write: tools/pack compiles it against the tarball, strictly. Never run.
import { closeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { memorize, memoryOpen, memoryOpenSync } from '@ram/memfile';
import type {
  AnonymousFileHandle,
  MemoryFileHandle,
  MemoryOpenOptions,
  MemoryPath,
  Seal,
} from '@ram/memfile';

export async function linked(): Promise<void> {
  await using file = await memoryOpen('notes', 'w+', { mode: 0o640, temporary: true });
  const handle: FileHandle & MemoryFileHandle = file;
  const target: MemoryPath = handle.target;
  for await (const line of file.readLines()) console.log(line.length, target);
  file.createWriteStream().end('x');
  const { bytesRead }: { bytesRead: number } = await file.read(Buffer.alloc(1));
  await file.persist();
  await file.persist('elsewhere');
  await file.unlink();
  // @ts-expect-error only anonymous files have seals
  file.seal('write');
  return void bytesRead;
}

export async function anonymous(): Promise<void> {
  await using file = await memoryOpen('name', 'w+', { anonymous: true, maxBytes: '1M' });
  const handle: AnonymousFileHandle = file;
  const seals: Seal[] = handle.seals();
  file.seal('write', ...seals);
  const target: string = file.target;
  await file.persist(target);
  // @ts-expect-error it has no place of its own
  await file.persist();
}

export async function others(options: MemoryOpenOptions): Promise<void> {
  const either: MemoryFileHandle | AnonymousFileHandle = await memoryOpen('x', 'r', options);
  await either.close();
  // @ts-expect-error it may be anonymous
  const linkedOnly: MemoryFileHandle = await memoryOpen('x', 'r', options);
  await linkedOnly.close();
  await (await memoryOpen(new URL('file:///x'), 0, 0o600)).close();
  const fd: number = memoryOpenSync(Buffer.from('x'), 'xb', options);
  closeSync(fd);
  await using moved = await memorize('x', { restore: true });
  await moved.restore();
  // @ts-expect-error a mode is a number or text
  await memoryOpen('x', true);
  // @ts-expect-error no such option
  memoryOpenSync('x', 'w', { size: 1 });
}
