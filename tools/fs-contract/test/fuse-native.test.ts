import { existsSync, readdirSync } from 'node:fs';
import { requirement } from '@ram/test-support';
import { surfaces } from '../src/surfaces.ts';
import { holdContract, mounts } from './contract.ts';

const folders = [
  '/usr/lib',
  '/usr/lib64',
  ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`),
];
const hasLibrary = folders.some((folder) => existsSync(`${folder}/libfuse.so.2`));
const fuseNative = requirement(
  'the driver fuse-native',
  mounts.available && hasLibrary,
  hasLibrary ? 'it takes root and /dev/fuse' : 'libfuse 2 is missing (apt-get install libfuse2)',
);

for (const name of Object.keys(surfaces).filter((name) => name.startsWith('fuse-native'))) {
  if (fuseNative.available) await holdContract(name);
  else fuseNative.it(`${name} holds the contract`, () => {});
}
