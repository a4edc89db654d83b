export { isSupported } from './native.ts';
export { MirroredBuffer } from './mirrored-buffer.ts';
export type { CustomMaker, CustomMirror, MirrorMaker, MirrorOptions } from './mirrored-buffer.ts';
export { RingBuffer } from './ring-buffer.ts';
