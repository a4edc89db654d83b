// What to compile for a package's native tests: decided from its folders and package.json alone.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** @typedef {'address' | 'thread'} Sanitizer */

/**
 * @typedef {object} NativePlan
 * @property {string} packageName
 * @property {string[]} sources Absolute, sorted.
 * @property {string[]} includes Absolute folders.
 * @property {string} outDirectory Absolute; one for each sanitizer.
 * @property {string} sanitize The value of -fsanitize.
 */

/**
 * The conventions: `native/core/*.cc` and `native/test/*.cc` are compiled, and `native/core` and
 * `native/include` are searched for headers. `"ramNative": { "include": [], "sources": [] }` in
 * package.json adds folders of other packages, relative to the package.
 *
 * @param {string} directory The package's folder.
 * @param {Sanitizer} sanitizer
 * @returns {NativePlan}
 */
export function planNativeTests(directory, sanitizer) {
  const { name, ramNative = {} } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  const at = (/** @type {string} */ path) => resolve(directory, path);
  const sourceFolders = ['native/core', 'native/test', ...(ramNative.sources ?? [])].map(at);
  const includes = ['native/core', 'native/include', ...(ramNative.include ?? [])].map(at);
  return {
    packageName: name,
    sources: sourceFolders.flatMap(listSources).toSorted(),
    includes: includes.filter((path) => existsSync(path)),
    outDirectory: at(`build/sanitized/${sanitizer}`),
    sanitize: sanitizer === 'thread' ? 'thread' : 'address,undefined',
  };
}

/** @param {string} folder */
function listSources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(folder, file));
}
