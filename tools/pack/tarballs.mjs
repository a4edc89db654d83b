// Packs the packages that are published, and gathers what an offline installation of them needs.
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { listPackages } from '../report/workspace.mjs';

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {boolean} [private]
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [dependencies]
 * @property {boolean} [gypfile]
 */

/**
 * @typedef {object} Tarball
 * @property {string} file
 * @property {string} directory Of the package in the workspace.
 * @property {Manifest} manifest As in the workspace.
 * @property {string[]} paths What is in it.
 */

/** The packages that are not private. @returns {{ directory: string, manifest: Manifest }[]} */
export function listPublished() {
  return listPackages()
    .map(({ directory, manifest }) => ({ directory, manifest: /** @type {Manifest} */ (manifest) }))
    .filter(({ manifest }) => manifest.private !== true);
}

/**
 * @param {string} directory Of a package.
 * @param {string} destination
 * @returns {Tarball}
 */
export function pack(directory, destination) {
  const args = ['pack', '--json', '--pack-destination', destination];
  const result = spawnSync('pnpm', args, { cwd: directory, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`pnpm pack: ${result.stdout}${result.stderr}`);
  // The output of a prepack script comes before it.
  const { filename, files } = JSON.parse(result.stdout.slice(result.stdout.search(/^\{/m)));
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return {
    file: filename,
    directory,
    manifest,
    paths: files.map((/** @type {{ path: string }} */ { path }) => path).toSorted(),
  };
}

/**
 * The package.json of a project that has the tarballs, and takes all else from this workspace's
 * node_modules, so that npm installs it without a network.
 * @param {readonly Tarball[]} tarballs
 */
export function consumerManifest(tarballs) {
  const dependencies = Object.fromEntries(
    tarballs.map(({ file, manifest }) => [manifest.name, `file:${file}`]),
  );
  /** @type {Record<string, string>} */
  const others = {};
  for (const { directory, manifest } of tarballs) {
    collectDependencies(join(directory, 'node_modules'), manifest, others);
  }
  const overrides = { ...others, ...dependencies };
  return {
    name: 'consumer',
    private: true,
    dependencies: { ...dependencies, ...others },
    overrides,
  };
}

/**
 * @param {string} modules The node_modules in which the dependencies of a package lie.
 * @param {Manifest} manifest
 * @param {Record<string, string>} found Is added to.
 */
function collectDependencies(modules, manifest, found) {
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (name.startsWith('@ram/') || name in found) continue;
    const directory = realpathSync(join(modules, name));
    found[name] = `file:${directory}`;
    const above = name.split('/').map(() => '..');
    const inner = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    collectDependencies(join(directory, ...above), inner, found);
  }
}
