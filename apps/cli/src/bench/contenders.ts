import type { FuseNativeOptions, KernelVersion, MountOptions } from '@ram/fuse';

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
/** Passed through as well. */
const overIoUring = 'io_uring';

/**
 * All that there could be; what the machine or the installation lacks is told, not measured.
 * @param kernel The kernel driver as on this one.
 */
export function contenderPlans(kernel?: KernelVersion): readonly ContenderPlan[] {
  const as = kernel === undefined ? {} : { kernel };
  const old = kernel !== undefined && kernel !== '6.18';
  return [
    { name: peer, mount: undefined },
    ...(old ? [] : [{ name: 'passthrough', mount: { io: 'passthrough' as const, ...as } }]),
    { name: plainFuse, mount: { io: 'cached', ...as } },
    { name: 'direct', mount: { io: 'direct', ...as } },
    ...(old ? [] : [{ name: overIoUring, mount: ioUringOptions(as) }]),
    // As libfuse has it: then the kernel asks about as often as it asks the kernel driver.
    { name: javaScript, mount: { driver: 'fuse-native', cacheTimeoutMs: 1000 } },
  ];
}

function ioUringOptions(as: Pick<MountOptions, 'kernel'>): MountOptions & { io: string } {
  return { io: 'passthrough', transport: 'io_uring', ...as };
}
