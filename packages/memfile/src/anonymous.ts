import { constants } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { baseOf } from './byte-string.ts';
import type { Opener } from './calls.ts';
import { openContent } from './calls.ts';
import { checked } from './errors.ts';
import { native } from './native.ts';
import { perform } from './steps.ts';
import type { Steps } from './steps.ts';

const { O_WRONLY, O_RDWR, O_APPEND, O_SYNC } = constants;
const nameBytesMax = 249;
const sealGrow = 0x04;

export interface AnonymousRequest {
  path: ByteString;
  flags: number;
  seals: number;
  /** Its size from the start, and for ever. */
  maxBytes: number | undefined;
  executable: boolean;
}

/** A memfd, opened as the flags say. */
export function* anonymousSteps<H>(request: AnonymousRequest, opener: Opener<H>): Steps<H> {
  const { path, flags, maxBytes, executable } = request;
  const name = baseOf(path).slice(0, nameBytesMax);
  const make = () => native().createMemfd(name, maxBytes ?? 0, executable);
  const fd = checked(yield* perform({ name: 'create memfd', now: make }), 'memfd_create', path);
  try {
    const seals = request.seals | (maxBytes === undefined ? 0 : sealGrow);
    if (seals !== 0) checked(native().addSeals(fd, seals), 'fcntl', path);
    const kept = flags & (O_WRONLY | O_RDWR | O_APPEND | O_SYNC);
    return yield* openContent(opener, `/proc/self/fd/${fd}`, kept, 0);
  } finally {
    native().closeDescriptor(fd);
  }
}
