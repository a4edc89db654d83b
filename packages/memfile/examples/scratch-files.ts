// A program whose scratch file is in memory, and whose result is moved to disk when it is ready:
//   node examples/scratch-files.ts DIRECTORY
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { list, memoryOpen } from '@ram/memfile';

const directory = process.argv[2] ?? '.';

{
  await using scratch = await memoryOpen(join(directory, 'scratch'), 'w+', { temporary: true });
  await scratch.write('one\ntwo\nthree\n', 0);
  await using result = await memoryOpen(join(directory, 'result'), 'wx');
  for await (const line of scratch.readLines({ start: 0, autoClose: false })) {
    await result.write(`${line.toUpperCase()} `);
  }
  await result.persist();
}

const { memfiles } = await list();
const ours = memfiles.filter(({ link }) => String(link).startsWith(directory));
console.log(`${readFileSync(join(directory, 'result'), 'utf8')}on disk, ${ours.length} in memory`);
