// A program that thinks it works on disk: `fs` is all that changes. Then the bytes, without a copy.
import { Volume } from '@ram/fs-core';

export function build(): { files: string[]; firstBytes: string; usedBytes: number } {
  using volume = new Volume({ maxBytes: '64M' });
  const { fs } = volume;

  fs.mkdirSync('/src/parts', { recursive: true });
  fs.writeFileSync('/src/main.js', "import './parts/part.js';\n");
  fs.writeFileSync('/src/parts/part.js', 'console.log("part");\n');
  fs.symlinkSync('src/main.js', '/entry');

  const bundle = fs.openSync('/bundle.js', 'a');
  for (const entry of fs.readdirSync('/src', { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    fs.writeSync(bundle, fs.readFileSync(`${entry.parentPath}/${entry.name}`));
  }
  fs.closeSync(bundle);
  volume.xattr.set('/bundle.js', 'user.made-by', 'the example');

  const view = volume.view('/bundle.js'); // live: shows what is written to the file from now on
  fs.writeFileSync('/bundle.js', 'IMPORT', { flag: 'r+' });

  return {
    files: fs.readdirSync('/').toSorted(),
    firstBytes: view.toString('utf8', 0, 13),
    usedBytes: volume.usage().usedBytes,
  };
}
