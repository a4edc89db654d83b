import { existsSync } from 'node:fs';
import { requirement } from '@ram/test-support';
import { ioUringParameter, surfaces } from '../src/surfaces.ts';
import { holdContract, mounts } from './contract.ts';

const ioUring = requirement(
  'FUSE over io_uring',
  mounts.available && existsSync(ioUringParameter),
  'it takes root and Linux 6.14',
);

for (const name of Object.keys(surfaces).filter((name) => name.startsWith('fuse '))) {
  const needed = name.includes('io_uring') ? ioUring : mounts;
  if (needed.available) await holdContract(name);
  else needed.it(`${name} holds the contract`, () => {});
}
