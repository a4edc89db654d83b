import { chmodSync, statSync } from 'node:fs';
import { holdSetting } from './machine-setting.ts';

const device = '/dev/fuse';
const setting = {
  name: 'fuse-device',
  read: () => (statSync(device).mode & 0o777).toString(8),
  write: (mode: string) => chmodSync(device, mode),
};

/** Lets plain users open /dev/fuse, as udev does; returns what lets go of it. Needs root. */
export function holdFuseDevice(): () => void {
  return holdSetting(setting, '666');
}
