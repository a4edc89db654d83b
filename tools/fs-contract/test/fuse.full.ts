import { holdOnMounts } from './contract.ts';

await holdOnMounts({ rarely: true });
