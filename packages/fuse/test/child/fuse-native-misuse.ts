// What the driver refuses, as lines. Argument: directory.
import nodeFs from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { mount } from '../../src/index.ts';
import type { Files } from '../../src/index.ts';

const driver = 'fuse-native' as const;
const [directory = ''] = isMainThread ? process.argv.slice(2) : workerData;
const volume = new Volume({ maxBytes: '16M' });

if (isMainThread) {
  await new Promise((resolve) =>
    new Worker(new URL(import.meta.url), { workerData: [directory] }).once('exit', resolve),
  );
  await tell('inside itself', mount(nodeFs, directory, { driver }));
  await tell('inside its root', mount(nodeFs, directory, { driver, root: '/tmp' }));
  await tell('no such root', mount(volume, directory, { driver, root: '/nothing' }));
  await tell('root is a file', mount(nodeFs, directory, { driver, root: '/proc/version' }));
  await tell('no file system', mount({} as Files, directory, { driver }));
  for (const lstatSync of [() => undefined, throwNull]) {
    const liar = { ...nodeFs, lstatSync } as unknown as Files;
    await tell('no stats', mount(liar, directory, { driver, root: '/dev/shm' }));
  }
  await tell('no object', mount(null as unknown as Files, directory, { driver }));
  await tell('threads', mount(volume, directory, { driver, threads: 2 } as never));
  await tell('passthrough', mount(volume, directory, { driver, io: 'passthrough' } as never));
  await tell('timeout', mount(volume, directory, { driver, cacheTimeoutMs: -1 }));
  await tell('unknown driver', mount(volume, directory, { driver: 'other' } as never));
  await tell('long directory', mount(volume, longDirectory(), { driver }));
  process.stdout.write(
    `mounted: ${nodeFs.readFileSync('/proc/mounts', 'utf8').includes(directory)}\n`,
  );
} else {
  await tell('in a worker', mount(volume, directory, { driver }));
}
volume.close();

function throwNull(): never {
  throw null;
}

async function tell(what: string, attempt: Promise<unknown>) {
  const outcome = await attempt.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );
  nodeFs.writeSync(1, `${what}: ${outcome}\n`);
}

function longDirectory(): string {
  const path = `${directory}-long/${`${'d'.repeat(200)}/`.repeat(5)}`;
  nodeFs.mkdirSync(path, { recursive: true });
  return path;
}
