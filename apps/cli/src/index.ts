export { runRam } from './run-ram.ts';
