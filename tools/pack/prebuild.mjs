// The "prepack" script of a package with an addon, called in its folder: puts the addon that
// build:native made into prebuilds/, stripped, under the name by which node-gyp-build finds it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prebuildPath } from './prebuild-path.mjs';

const release = join('build', 'Release');
const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
const addon = existsSync(release)
  ? readdirSync(release).find((file) => file.endsWith('.node'))
  : undefined;
if (addon === undefined) {
  throw new Error(`${name}: no addon in ${release}; run \`pnpm build\` first`);
}

const target = prebuildPath(name, process);
rmSync('prebuilds', { recursive: true, force: true });
mkdirSync(join(target, '..'), { recursive: true });
copyFileSync(join(release, addon), target);
const strip = spawnSync('strip', ['--strip-unneeded', target], { stdio: 'inherit' });
if (strip.status !== 0) throw new Error(`${name}: strip failed on ${target}`);
