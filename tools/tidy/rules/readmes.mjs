// A README in every package and tool that says what is in it.

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */

/** @type {import('../source-file.mjs').Rule} */
export const readmes = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files
    .filter(({ path }) => /^(?:packages|apps|tools|examples)\/[^/]+\/package\.json$/.test(path))
    .flatMap(({ path }) => {
      const folder = path.replace(/\/package\.json$/, '');
      const readme = byPath.get(`${folder}/README.md`);
      if (readme === undefined) {
        return [{ path: folder, message: 'has no README.md that says what it is' }];
      }
      return missingExports(readme, byPath.get(`${folder}/src/index.ts`));
    });
};

/**
 * Every public value must be named in the README, and in the form of code.
 * @param {SourceFile} readme
 * @param {SourceFile | undefined} index
 * @returns {import('../source-file.mjs').Finding[]}
 */
function missingExports(readme, index) {
  if (index === undefined) return [];
  const lists = [...index.text.matchAll(/^export \{([^}]*)\}/gm)].map(([, list = '']) => list);
  const names = lists
    .flatMap((list) => list.split(','))
    .map((entry) => entry.trim().replace(/^.* as /, ''))
    .filter((name) => name !== '' && !name.startsWith('type '));
  return names
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(readme.text))
    .map((name) => ({ path: readme.path, message: `does not mention the export \`${name}\`` }));
}
