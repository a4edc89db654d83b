// A git repository of real sources, those of the installed packages, and a branch on which half of
// the files differ.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../../node_modules/.pnpm', import.meta.url));
const sizeMaxBytes = 256 * 1024;
const isSource = /\.([cm]?[jt]sx?|json|md|cc?|h)$/;

/** @param {number} count At most so many. @returns {[path: string, content: Buffer][]} */
function sources(count) {
  const entries = readdirSync(packages, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isSource.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((file) => statSync(file).size <= sizeMaxBytes)
    .toSorted()
    .slice(0, count)
    .map((file) => [file.slice(packages.length + 1), readFileSync(file)]);
}

/** @param {string} branch @param {[string, Buffer][]} files @param {string} [from] */
function* commit(branch, files, from) {
  const line = Buffer.from(`on ${branch}\n`);
  yield `commit refs/heads/${branch}\ncommitter b <b@example.org> 1700000000 +0000\ndata 1\nc\n`;
  if (from !== undefined) yield `from refs/heads/${from}\n`;
  for (const [path, content] of files) {
    yield `M 100644 inline ${JSON.stringify(path)}\ndata ${line.length + content.length}\n`;
    yield line;
    yield content;
    yield '\n';
  }
}

/** @param {string} folder Must not exist. @param {number} [files] Default: as many as there are. */
export function makeRepository(folder, files = Infinity) {
  const all = sources(files);
  const half = all.filter((_, index) => index % 2 === 0);
  const commits = [...commit('main', all), ...commit('other', half, 'main')];
  const input = Buffer.concat(commits.map((part) => Buffer.from(part)));
  for (const [args, text] of /** @type {[string[], Buffer][]} */ ([
    [['init', '-q', '--bare', '-b', 'main', folder], Buffer.alloc(0)],
    [['-C', folder, 'fast-import', '--quiet'], input],
  ])) {
    const { status, stderr } = spawnSync('git', args, { input: text, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  }
}
