import type { NativeSessionOptions } from '../../src/native.ts';

/** Of a session that asks for nothing. */
export const sessionOptions: NativeSessionOptions = {
  direct: false,
  passthrough: false,
  root: '',
  rootOnly: false,
  volumeLocks: false,
  threads: 1,
  initFlags: 0n,
  protocolMinor: 31,
  ioUring: false,
};
