// The "build:native" script of a package with an addon, called in its folder: node-gyp, which
// compiles only what changed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const configured = existsSync('build/Makefile');
process.exitCode = (configured ? 0 : nodeGyp('configure')) || nodeGyp('build', '--jobs=2');

/** @param {string[]} args */
function nodeGyp(...args) {
  return spawnSync('node-gyp', ['--loglevel=warn', ...args], { stdio: 'inherit' }).status ?? 1;
}
