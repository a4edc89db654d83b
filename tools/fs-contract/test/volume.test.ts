import { holdContract } from './contract.ts';

await holdContract('volume.fs');
