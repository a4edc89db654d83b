// What programs do all day, as commands in a directory of the mount. What they need lies outside,
// made once.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeRepository } from './repository.mjs';

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {(material: Material, quick: boolean) => void} [gather] Makes what it needs outside.
 * @property {(directory: string, material: Material, quick: boolean) => void} prepare Not timed.
 * @property {(material: Material) => string} command For sh, in the directory.
 */

/** @typedef {{ folder: string }} Material Where things from outside lie. */

const build = fileURLToPath(new URL('../build/', import.meta.url));
const sources = fileURLToPath(new URL('../../../packages/fs-core/native', import.meta.url));
const project = {
  name: 'profile',
  version: '1.0.0',
  private: true,
  dependencies: { express: '^4.21.0', typescript: '^5.6.0' },
};
const npmFlags = '--no-audit --no-fund --ignore-scripts --silent';

/** @param {boolean} quick @returns {Material} */
export function materialFolder(quick) {
  const folder = `${build}profile${quick ? '-quick' : ''}`;
  mkdirSync(folder, { recursive: true });
  return { folder };
}

/** @param {string} command @param {string} directory */
export function runCommand(command, directory) {
  const env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  const options = { cwd: directory, env, encoding: /** @type {const} */ ('utf8') };
  const { status, stderr, stdout } = spawnSync('sh', ['-ec', command], options);
  if (status !== 0) throw new Error(`${command}: ${status}\n${stdout}\n${stderr}`);
}

/** @param {Material} material @param {boolean} quick */
function gatherRepository({ folder }, quick) {
  if (existsSync(`${folder}/tree.git`)) return;
  rmSync(`${folder}/new.git`, { recursive: true, force: true });
  makeRepository(`${folder}/new.git`, quick ? 200 : undefined);
  renameSync(`${folder}/new.git`, `${folder}/tree.git`);
}

/** @param {Material} material */
const clone = ({ folder }) => `git clone -q --no-hardlinks '${folder}/tree.git' tree`;
/** @param {string} directory @param {Material} material */
function cloned(directory, material) {
  // Git reads files again that are not older, in seconds, than its index.
  runCommand(`${clone(material)}; sleep 1.1; cd tree; git status >/dev/null`, directory);
}

/** @param {Material} material Takes a registry the first time. */
function gatherPackages({ folder }) {
  if (existsSync(`${folder}/npm/package-lock.json`)) return;
  rmSync(`${folder}/npm-new`, { recursive: true, force: true });
  mkdirSync(`${folder}/npm-new`);
  writeFileSync(`${folder}/npm-new/package.json`, JSON.stringify(project));
  const flags = `${npmFlags} --cache '${folder}/npm-cache'`;
  // The first asks the registry for less than the second, which is the one that is profiled.
  runCommand(`npm install ${flags}; npm ci ${flags}`, `${folder}/npm-new`);
  rmSync(`${folder}/npm-new/node_modules`, { recursive: true });
  renameSync(`${folder}/npm-new`, `${folder}/npm`);
}

/** @param {string} directory @param {Material} _material @param {boolean} quick */
function copySources(directory, _material, quick) {
  cpSync(sources, `${directory}/native`, { recursive: true });
  const units = quick ? 'sip_hash.cc' : '[c-j]*.cc';
  const makefile = `SOURCES := $(wildcard native/core/${units})
FLAGS := -std=c++20 -O1 -fPIC -Inative/include -I${sources}/../../ringbuffer/native/include
all.so: $(SOURCES:.cc=.o)
\tg++ -shared -o $@ $^
%.o: %.cc
\tg++ $(FLAGS) -MMD -c -o $@ $<
`;
  writeFileSync(`${directory}/Makefile`, makefile);
}

/** @type {readonly Workload[]} */
export const workloads = [
  {
    name: 'npm install',
    gather: gatherPackages,
    prepare: (directory, { folder }) => cpSync(`${folder}/npm`, directory, { recursive: true }),
    command: ({ folder }) => `npm ci --offline ${npmFlags} --cache '${folder}/npm-cache'`,
  },
  { name: 'git clone', gather: gatherRepository, prepare: () => {}, command: clone },
  { name: 'git status', gather: gatherRepository, prepare: cloned, command: inTree('git status') },
  {
    name: 'git checkout',
    gather: gatherRepository,
    prepare: cloned,
    command: inTree('git checkout -q other'),
  },
  {
    name: 'grep -r',
    gather: gatherRepository,
    prepare: cloned,
    command: inTree('! grep -rq @@@ .'),
  },
  { name: 'rm -r', gather: gatherRepository, prepare: cloned, command: () => 'rm -r tree' },
  { name: 'C++ build', prepare: copySources, command: () => 'make -s' },
  {
    name: 'C++ build, nothing to do',
    prepare(directory, material, quick) {
      copySources(directory, material, quick);
      runCommand('make -s -t', directory);
    },
    command: () => 'make -s',
  },
];

/** @param {string} command */
function inTree(command) {
  return () => `cd tree; ${command} >/dev/null`;
}
