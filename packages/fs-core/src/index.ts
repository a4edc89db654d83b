export type { VolumeFs } from './fs/volume-fs.ts';
export { defaultMaxBytes } from './memory-limits.ts';
export { isSupported } from './native.ts';
export { parseSize } from './size.ts';
export { Volume } from './volume.ts';
export type { ViewOptions, VolumeUsage } from './volume.ts';
export type { VolumeOptions } from './volume-options.ts';
export type { SetXattrOptions, VolumeXattr, XattrOptions } from './xattr.ts';
