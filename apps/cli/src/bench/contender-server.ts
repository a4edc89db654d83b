// The process behind one contender: a mount of its own, or a folder in tmpfs. The process that
// measures must be another one, since fuse-native answers in the thread that would ask.
import { mkdtempSync, rmSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appError, toPlainError } from '@ram/daemon';
import type { PlainError } from '@ram/daemon';
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';
import type { FuseNativeOptions, MountOptions } from '@ram/fuse';
import type { ContenderPlan } from './contenders.ts';

export type ContenderMessage =
  | { type: 'ready'; directory: string }
  | { type: 'refused'; error: PlainError }
  | { type: 'requests'; requests: Record<string, number> };

interface Served {
  directory: string;
  requests(): Record<string, number>;
  close(): Promise<void>;
}

const volumeBytes = 256 * 1024 * 1024;
const tmpfsFolder = '/dev/shm';
const folderPrefix = 'ram-bench-mount-';
const tmpfsMagic = 0x01_02_19_94;

/** Serves until the other process goes away, and takes all back then, Ctrl-C or not. */
export async function serveContender(plan: ContenderPlan): Promise<void> {
  const tell = (message: ContenderMessage) => process.send?.(message);
  const gone = new Promise((resolve) => process.once('disconnect', resolve));
  let served: Served;
  try {
    served = await (plan.mount === undefined ? useTmpfs() : mountVolume(plan.mount));
  } catch (error) {
    tell({ type: 'refused', error: toPlainError(error) });
    process.disconnect();
    return;
  }
  process.on('message', () => tell({ type: 'requests', requests: served.requests() }));
  tell({ type: 'ready', directory: served.directory });
  await gone;
  await served.close();
}

async function useTmpfs(): Promise<Served> {
  if (statfsSync(tmpfsFolder, { bigint: false }).type !== tmpfsMagic) {
    throw appError('ERR_RAM_NOT_AVAILABLE', `${tmpfsFolder} is not a tmpfs`, 'Mount one there');
  }
  const directory = mkdtempSync(join(tmpfsFolder, folderPrefix));
  return {
    directory,
    requests: () => ({}),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function mountVolume(options: NonNullable<ContenderPlan['mount']>): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), folderPrefix));
  const volume = new Volume({ maxBytes: volumeBytes });
  try {
    const mounted = await mountWith(volume, directory, options);
    return {
      directory,
      requests: () => mounted.stats().requests,
      close: async () => {
        await mounted.unmount({ force: true });
        volume.close();
        rmdirSync(directory);
      },
    };
  } catch (error) {
    volume.close();
    rmdirSync(directory);
    throw error;
  }
}

function mountWith(volume: Volume, directory: string, options: MountOptions | FuseNativeOptions) {
  if (options.driver === 'fuse-native') return mount(volume, directory, options);
  return mount(volume, directory, options);
}
