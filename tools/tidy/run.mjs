// `pnpm tidy`: the rules over every file that is tracked, or new and not ignored.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tidy } from './check.mjs';

const project = fileURLToPath(new URL('../../', import.meta.url));

const git = ['-c', `safe.directory=${project.replace(/\/$/, '')}`, 'ls-files', '-co'];
const list = spawnSync('git', [...git, '--exclude-standard', '-z'], {
  cwd: project,
  encoding: 'utf8',
});
if (list.status !== 0) throw new Error(`git ls-files failed: ${list.stderr}`);

const files = list.stdout.split('\0').flatMap((path) => {
  const text = path === '' ? undefined : readText(join(project, path));
  return text === undefined ? [] : [{ path, text }];
});
const lines = tidy(files);
for (const line of lines) console.log(line);
console.log(`tidy: ${files.length} files, ${lines.length} findings`);
process.exitCode = lines.length > 0 ? 1 : 0;

/** @param {string} path @returns {string | undefined} undefined for a file that was deleted. */
function readText(path) {
  try {
    const bytes = readFileSync(path);
    return bytes.includes(0) ? '' : bytes.toString();
  } catch {
    return undefined;
  }
}
