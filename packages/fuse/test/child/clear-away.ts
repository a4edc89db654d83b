// Tells the state of a mount and takes it away with force. Argument: directory.
import { mountState, unmountDirectory } from '../../src/index.ts';

const [directory = ''] = process.argv.slice(2);
const state = await mountState(directory);
await unmountDirectory(directory, { force: true, timeoutMs: 20 });
process.stdout.write(`${state}, then ${await mountState(directory)}\n`);
