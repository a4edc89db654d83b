// Names of files: what a folder holds must show in them.

/** @typedef {import('../source-file.mjs').Rule} Rule */

const vagueNames = /^(?:utils?|helpers?|common|misc|shared|lib|stuff)$/;

/** Names that say nothing attract code that belongs nowhere. @type {Rule} */
export const vagueName = (files) =>
  files.flatMap(({ path }) => {
    const vague = path
      .split('/')
      .map((part) => part.replace(/\..*$/, ''))
      .find((part) => vagueNames.test(part));
    if (vague === undefined) return [];
    return [{ path, message: `"${vague}" says nothing; name it after what it is about` }];
  });

/** kebab-case.ts, snake_case.cc, one index.ts per package. @type {Rule} */
export const fileNameStyle = (files) =>
  files.flatMap(({ path }) => {
    const name = path.split('/').at(-1) ?? '';
    if (/\.(?:ts|mjs)$/.test(name) && !/^\.?[a-z0-9]+(?:[.-][a-z0-9]+)*\.(?:ts|mjs)$/.test(name)) {
      return [{ path, message: 'TypeScript files are named in kebab-case' }];
    }
    if (/\.(?:cc|h)$/.test(name) && !/^[a-z0-9]+(?:_[a-z0-9]+)*\.(?:cc|h)$/.test(name)) {
      return [{ path, message: 'C++ files are named in snake_case' }];
    }
    if (name === 'index.ts' && !/^(?:packages|apps|tools)\/[^/]+\/src\/index\.ts$/.test(path)) {
      return [{ path, message: 'only src/index.ts of a package is an index' }];
    }
    return [];
  });

/** Build outputs are made, not kept. @type {Rule} */
export const buildOutput = (files) =>
  files.flatMap(({ path }) =>
    /(?:^|\/)(?:node_modules|dist|build|prebuilds|reports|\.turbo)\/|\.(?:node|o|tgz)$/.test(path)
      ? [{ path, message: 'a build output; untrack it and ignore its folder' }]
      : [],
  );
