import { holdContract } from './contract.ts';

await holdContract('node:fs on tmpfs');
