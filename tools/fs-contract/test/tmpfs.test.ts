import { holdContract } from './contract.ts';

await holdContract('tmpfs');
