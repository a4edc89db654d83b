// The packages of the workspace, as tools see them.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDirectory = fileURLToPath(new URL('../../', import.meta.url));

/**
 * @typedef {object} WorkspacePackage
 * @property {string} directory Absolute.
 * @property {{ name: string, private?: boolean, scripts?: Record<string, string> }} manifest
 */

/**
 * Every folder of packages, apps, tools and examples that has a package.json, as in
 * pnpm-workspace.yaml.
 * @param {string} [project]
 * @returns {WorkspacePackage[]}
 */
export function listPackages(project = projectDirectory) {
  return ['packages', 'apps', 'tools', 'examples']
    .map((group) => join(project, group))
    .filter((group) => existsSync(group))
    .flatMap((group) => readdirSync(group).map((name) => join(group, name)))
    .filter((directory) => existsSync(join(directory, 'package.json')))
    .map((directory) => ({
      directory,
      manifest: JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')),
    }));
}
