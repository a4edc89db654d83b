// A surface on which some calls go wrong, as a process. Arguments as of src/surface-process.ts.
import { writeSync } from 'node:fs';
import { runCases } from '../../src/run-cases.ts';
import type { Message } from '../../src/run-surface.ts';
import { rules } from '../../src/rules.ts';
import { nothingSurface } from '../nothing.ts';

const done = Number(process.argv[5]);
const cases = rules('child', {
  'is fine': () => {},
  'waits for ever': () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  'is wrong': () => {
    throw new Error('as expected');
  },
  'kills its process': () => process.kill(process.pid, 'SIGKILL'),
  'is fine too': () => {},
});
const tell = (message: Message) => writeSync(1, `${JSON.stringify(message)}\n`);
const runs = runCases(nothingSurface('same'), cases.slice(done), (started) => tell({ started }));
for (const outcome of runs) tell({ outcome });
