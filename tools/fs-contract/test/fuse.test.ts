import { surfaces } from '../src/surfaces.ts';
import { holdContract, mounts } from './contract.ts';

for (const name of Object.keys(surfaces).filter((name) => name.startsWith('fuse '))) {
  if (mounts.available) await holdContract(name);
  else mounts.it(`${name} holds the contract`, () => {});
}
