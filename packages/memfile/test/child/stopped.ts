// Runs an operation and kills itself before its step N: stopped.ts OPERATION N DISK MEMORY
import { operations } from '../operations.ts';
import { runAsync } from '../../src/steps.ts';

const [, , operation = '', count = '', disk = '', memory = ''] = process.argv;
let left = Number(count);
const steps = operations[operation]?.({ disk, memory });
if (steps === undefined) throw new Error(`no operation ${operation}`);
await runAsync(steps, () => {
  if (left-- === 0) process.kill(process.pid, 'SIGKILL');
});
console.log('done');
