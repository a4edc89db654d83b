export { childNodeArguments, runCommand, runNode } from './child.ts';
export type { ChildResult, RunOptions } from './child.ts';
export { holdFuseDevice } from './fuse-device.ts';
export { holdIoUring, ioUringMounts } from './io-uring.ts';
export { randomSeeds } from './random-seeds.ts';
export { requirement } from './requirement.ts';
export type { Requirement } from './requirement.ts';
export { temporaryDirectory } from './temporary-directory.ts';
