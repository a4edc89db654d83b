import type { FuseNativeOptions, MountOptions } from '@ram/fuse';

/** One way to files in memory. */
export interface ContenderPlan {
  name: string;
  /** Options of `mount()`, or nothing: a folder of the machine's own tmpfs. */
  mount: (MountOptions & { io: string }) | FuseNativeOptions | undefined;
}

/** What the others are compared with. */
export const peer = 'tmpfs';
/** The kernel driver at its plainest, against which FUSE and JavaScript are told apart. */
export const plainFuse = 'cached';
export const javaScript = 'fuse-native';

/** All that there could be; what the machine or the installation lacks is told, not measured. */
export const contenderPlans: readonly ContenderPlan[] = [
  { name: peer, mount: undefined },
  ...['passthrough', plainFuse, 'direct'].map((io) => ({
    name: io,
    mount: { io } as MountOptions & { io: string },
  })),
  // As libfuse has it: then the kernel asks about as often as it asks the kernel driver.
  { name: javaScript, mount: { driver: 'fuse-native', cacheTimeoutMs: 1000 } },
];
