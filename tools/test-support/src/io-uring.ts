import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { holdSetting } from './machine-setting.ts';
import { requirement } from './requirement.ts';

const parameter = '/sys/module/fuse/parameters/enable_uring';
const isRoot = process.geteuid?.() === 0;

/** FUSE over io_uring, which `holdIoUring` switches on. */
export const ioUringMounts = requirement(
  'FUSE over io_uring',
  isRoot && existsSync(parameter) && existsSync('/dev/fuse'),
  isRoot ? 'this kernel does not have it (Linux 6.14)' : 'only root can switch it on',
);

const setting = {
  name: 'io-uring',
  read: () => readFileSync(parameter, 'latin1'),
  write: (value: string) => writeFileSync(parameter, value),
};

/** Switches FUSE over io_uring on for the whole machine; returns what lets go of the switch. */
export function holdIoUring(): () => void {
  return holdSetting(setting, 'Y');
}
