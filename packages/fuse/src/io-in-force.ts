import type { IoMode } from './options.ts';

/** The io mode of a mount. */
export interface IoInForce {
  mode: IoMode;
  /** Why it is not the one that was asked for; absent where it is, and where none was. */
  reason?: string;
}

const eperm = 1;

/** `asked`: undefined for the default. `passthrough`: what the driver says of it, 1 or -errno. */
export function ioInForce(asked: IoMode | undefined, passthrough: number): IoInForce {
  if (asked === undefined) return { mode: passthrough === 1 ? 'passthrough' : 'cached' };
  if (asked !== 'passthrough' || passthrough === 1) return { mode: asked };
  return { mode: 'cached', reason: reasonOf(-passthrough) };
}

function reasonOf(errno: number): string {
  if (errno === eperm) return 'passthrough needs CAP_SYS_ADMIN in the initial user namespace';
  return 'passthrough needs Linux 6.9 and a Volume on its own tmpfs';
}
