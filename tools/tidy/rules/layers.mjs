// Which package may use which: the map of DESIGN and ARCHITECTURE.md as a test.
import { isScript, isTest } from '../source-file.mjs';

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */

const store = ['errno', 'ringbuffer', 'fs-core'];

/** @type {Record<string, readonly string[]>} */
const mayUse = {
  errno: [],
  ringbuffer: ['errno'],
  'fs-core': ['errno', 'ringbuffer'],
  fuse: store,
  image: store,
  memfile: store,
  hotcache: [...store, 'fuse'],
};

/** Private packages, for tests and tools only. */
const forTests = new Set(['test-support', 'fs-contract', 'report']);

/** @type {import('../source-file.mjs').Rule} */
export const layers = (files) => files.filter(isScript).flatMap((file) => checkImports(file));

/** @param {SourceFile} file @returns {import('../source-file.mjs').Finding[]} */
function checkImports(file) {
  const [group, home] = file.path.split('/');
  if ((group !== 'packages' && group !== 'apps') || home === undefined) return [];
  return file.text.split('\n').flatMap((line, index) => {
    const specifier = /(?:\bfrom |\bimport\(|^import )'([^']+)'/.exec(line)?.[1];
    const message = specifier === undefined ? undefined : checkImport(specifier, group, home, file);
    return message === undefined ? [] : [{ path: file.path, line: index + 1, message }];
  });
}

/**
 * @param {string} specifier
 * @param {string} group
 * @param {string} home
 * @param {SourceFile} file
 */
function checkImport(specifier, group, home, file) {
  if (specifier.startsWith('.')) {
    const depth = file.path.split('/').length - 3;
    const up = specifier.split('/').filter((part) => part === '..').length;
    const own = file.path.endsWith('.config.ts');
    return up > depth && !own ? 'an import leaves its package; use the public entry' : undefined;
  }
  const [, target, inner] = /^@ram\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (target === undefined || target === home) return undefined;
  if (forTests.has(target)) {
    return isTest(file) ? undefined : `@ram/${target} is for tests only`;
  }
  if (inner !== undefined) return `@ram/${target} has one public entry`;
  if (target === 'cli' || target === 'daemon' || target === 'viewer') {
    return group === 'apps' ? undefined : 'nothing imports an app';
  }
  const allowed = group === 'apps' || (mayUse[home]?.includes(target) ?? true);
  return allowed || isTest(file) ? undefined : `@ram/${home} may not use @ram/${target}`;
}
