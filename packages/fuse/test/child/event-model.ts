// Makes random calls, and compares each event with what the model expects. Arguments: a directory
// to mount at, or '-' to call `volume.fs`; the seed; how many calls.
import nodeFs from 'node:fs';
import { Volume } from '@ram/fs-core';
import type { VolumeEvent } from '@ram/fs-core';
import { mount } from './mount.ts';
import { EventModel } from '../event-model.ts';
import type { ExpectedEvent, OpenNode } from '../event-model.ts';

const [directory = '-', seed = '1', steps = '1'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const isMounted = directory !== '-';
// 'direct', so that the kernel asks for each read.
const mounted = isMounted ? await mount(volume, directory, { io: 'direct' }) : undefined;
const fs = isMounted ? nodeFs : volume.fs;
const at = (path: string) => (isMounted ? directory + path : path);
const model = new EventModel();
const open: (OpenNode & { fd: number })[] = [];
const events = volume.events();
const history: string[] = [];
let state = Number(seed) || 1;

for (let step = 0; step < Number(steps); step += 1) {
  for (const expected of act(below(13))) await compare(expected);
}
await events.return();
process.stdout.write('as expected\n');
for (const { fd } of open) fs.closeSync(fd);
await mounted?.unmount();
volume.close();

function act(kind: number): ExpectedEvent[] {
  const file = pick(model.paths(true));
  const folder = pick(model.paths(false));
  const fresh = `${below(3) === 0 ? '' : (folder ?? '')}/n${below(1e6)}`;
  const handle = pick(open);
  if (kind === 0) return said('mkdir', fresh, fs.mkdirSync(at(fresh)), () => model.mkdir(fresh));
  if (kind <= 3) return openOne(kind === 1 ? fresh : (file ?? fresh));
  if (kind <= 5 && handle?.canWrite) return writeTo(handle);
  if (kind === 6 && handle) return readFrom(handle);
  if (kind === 7 && handle?.canWrite) return truncate(handle);
  if (kind === 8 && open.length > 0) return closeOne(below(open.length));
  if (kind === 9 && file) {
    return said('chmod', file, fs.chmodSync(at(file), 0o600 + below(64)), () => model.chmod(file));
  }
  if (kind === 10 && file) return removeOrLink(file, fresh);
  if (kind === 11) return rename(pick([file, folder]), pick([file, fresh]) ?? fresh);
  if (kind === 12 && folder && model.isEmpty(folder)) {
    return said('rmdir', folder, fs.rmdirSync(at(folder)), () => model.remove(folder));
  }
  return [];
}

/** The call was made: what must be heard of it? */
function said(name: string, what: string, _: void, expect: () => ExpectedEvent[]): ExpectedEvent[] {
  history.push(`${name} ${what}`);
  return expect();
}

function openOne(path: string): ExpectedEvent[] {
  const flags = pick(model.names.has(path) ? ['r', 'r+', 'w+', 'a+'] : ['w+', 'a+']) ?? 'r';
  const fd = fs.openSync(at(path), flags);
  history.push(`open ${path} ${flags} = ${fd}`);
  const result = model.open(path, flags);
  open.push({ ...result.open, fd });
  return result.events;
}

function writeTo(handle: OpenNode & { fd: number }): ExpectedEvent[] {
  const length = 1 + below(5000);
  const done = fs.writeSync(handle.fd, Buffer.alloc(length, 'x'), 0, length, null);
  return said('write', `${handle.fd} ${done}`, undefined, () => model.write(handle, length));
}

function readFrom(handle: OpenNode & { fd: number }): ExpectedEvent[] {
  const length = 1 + below(5000);
  const got = fs.readSync(handle.fd, Buffer.alloc(length), 0, length, null);
  return said('read', `${handle.fd} ${got}`, undefined, () => model.read(handle, length));
}

function truncate(handle: OpenNode & { fd: number }): ExpectedEvent[] {
  const size = below(6000);
  const what = `${handle.fd} ${size}`;
  return said('truncate', what, fs.ftruncateSync(handle.fd, size), () =>
    model.truncate(handle, size),
  );
}

function closeOne(index: number): ExpectedEvent[] {
  const [handle] = open.splice(index, 1) as [OpenNode & { fd: number }];
  return said('close', `${handle.fd}`, fs.closeSync(handle.fd), () => model.close(handle));
}

function removeOrLink(file: string, fresh: string): ExpectedEvent[] {
  const way = below(3);
  if (way === 0) return said('unlink', file, fs.unlinkSync(at(file)), () => model.remove(file));
  if (way === 1) {
    return said('link', `${file} ${fresh}`, fs.linkSync(at(file), at(fresh)), () =>
      model.link(file, fresh),
    );
  }
  // In the root, and forgotten by the model at once.
  const link = `/link${below(1e6)}`;
  return said('symlink', link, fs.symlinkSync('anywhere', at(link)), () => {
    const events = model.symlink(link);
    model.names.delete(link);
    return events;
  });
}

function rename(from: string | undefined, to: string): ExpectedEvent[] {
  if (from === undefined || from === to || to.startsWith(`${from}/`)) return [];
  const isFile = model.paths(true).includes(from);
  if (model.names.has(to) && !isFile) return [];
  return said('rename', `${from} ${to}`, fs.renameSync(at(from), at(to)), () =>
    model.rename(from, to),
  );
}

async function compare(expected: ExpectedEvent): Promise<void> {
  const { value } = await events.next();
  const got = value as VolumeEvent;
  const same =
    got.type === expected.type &&
    got.path === expected.path &&
    got.fromPath === expected.fromPath &&
    (expected.sizeBytes === undefined || got.sizeBytes === expected.sizeBytes) &&
    got.written === expected.written &&
    got.pid === process.pid;
  if (same) return;
  const story = history.slice(-12).join('\n');
  throw new Error(`${JSON.stringify({ expected, got }, null, 2)}\nafter\n${story}`);
}

function pick<T>(choices: readonly T[]): T | undefined {
  return choices[below(choices.length)];
}

/** Xorshift, so that a seed is a case. */
function below(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return limit === 0 ? 0 : (state >>> 0) % limit;
}
