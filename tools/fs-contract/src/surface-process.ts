// Runs the cases on one surface and tells each outcome. Arguments: surface, what ids must contain,
// directory, how many cases are done already.
import { writeSync } from 'node:fs';
import { cases } from '../cases/all.ts';
import { connectionOf } from './mount-server.ts';
import { runCases } from './run-cases.ts';
import type { Message } from './run-surface.ts';
import { directorySurface, surfaces } from './surfaces.ts';

const [name = '', only = '', directory = '', done = '0'] = process.argv.slice(2);

/** Node's own pipes to children don't block: whoever reads this may be slow. */
function tell(message: Message): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error;
    }
  }
}

process.umask(0);
const definition = name === 'directory' ? directorySurface(directory) : surfaces[name];
if (definition === undefined) throw new Error(`no surface is named ${name}`);
const surface = await definition.open();
const connection = connectionOf(surface.base);
if (connection !== undefined) tell({ connection });
const wanted = cases.filter(({ id }) => id.includes(only)).slice(Number(done));
for (const outcome of runCases(surface, wanted, (started) => tell({ started }))) tell({ outcome });
await surface.close();
