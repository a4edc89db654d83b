// A git repository with as many files as asked for, and a branch on which half of them differ.
import { spawnSync } from 'node:child_process';

const perDirectory = 50;

/** @param {number} index */
function pathOf(index) {
  const directory = Math.floor(index / perDirectory);
  return `part-${directory % 20}/folder-${directory}/file-${index}.txt`;
}

/** @param {number} index @param {string} branch From 100 bytes to 20 KiB, as sources are. */
function contentOf(index, branch) {
  const lines = 3 + ((index * index * 7919) % 400);
  return `line of ${index} on ${branch}, which says nothing\n`.repeat(lines);
}

/** @param {string} branch @param {number} files @param {number} step @param {string} [from] */
function* commit(branch, files, step, from) {
  yield `commit refs/heads/${branch}\ncommitter b <b@example.org> 1700000000 +0000\ndata 1\nc\n`;
  if (from !== undefined) yield `from refs/heads/${from}\n`;
  for (let index = 0; index < files; index += step) {
    const content = contentOf(index, branch);
    yield `M 100644 inline ${pathOf(index)}\ndata ${content.length}\n${content}\n`;
  }
}

/** @param {string} folder Must not exist. @param {number} files */
export function makeRepository(folder, files) {
  const input = [...commit('main', files, 1), ...commit('other', files, 2, 'main')].join('');
  for (const [args, text] of /** @type {[string[], string][]} */ ([
    [['init', '-q', '--bare', '-b', 'main', folder], ''],
    [['-C', folder, 'fast-import', '--quiet'], input],
  ])) {
    const { status, stderr } = spawnSync('git', args, { input: text, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  }
}
