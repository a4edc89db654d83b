// Makes this machine ready, doing only what is missing, and says first what that is.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectMachine } from './machine.mjs';
import { nodeVersionMin, pnpmVersion } from './needs.mjs';
import { describeByHand, planSetup } from './plan.mjs';

export const projectDirectory = fileURLToPath(new URL('../../', import.meta.url));

/** Something that setup cannot get past; the message says what to do. */
export class SetupError extends Error {}

/**
 * @typedef {object} SetupResult
 * @property {string[]} missing What to tell the user at the end, too: lines, or none.
 * @property {string | undefined} pnpmFolder Where pnpm lies when it isn't on the user's PATH.
 */

/**
 * Ends with pnpm and dependencies in place, and with PATH of this process leading to pnpm. What
 * cannot be installed without root is listed and left to the user.
 *
 * @param {import('./needs.mjs').Purpose} purpose
 * @returns {SetupResult}
 * @throws {SetupError} When a step fails.
 */
export function setUp(purpose) {
  checkPlatform();
  process.chdir(projectDirectory);
  process.env.TURBO_TELEMETRY_DISABLED = '1';

  usePnpmOfProject();
  const machine = inspectMachine();
  if (!machine.homeWritable) useProjectAsHome();
  const plan = planSetup(machine, purpose);
  const missing = describeByHand(plan.byHand, machine);
  announce(plan, missing);

  if (plan.aptPackages.length > 0) installDebianPackages(plan.aptPackages.map(({ name }) => name));
  const pnpmFolder = installPnpm(plan.pnpm);
  installDependencies();
  return { missing, pnpmFolder };
}

/**
 * Compiles what changed since the last time.
 * @throws {SetupError} When something does not compile.
 */
export function build() {
  step('Building (native parts and TypeScript)');
  run('pnpm', ['turbo', 'run', 'build:native', 'build', '--output-logs=errors-only'], {
    hint: 'The errors are above. `pnpm build` runs this step again.',
  });
}

function checkPlatform() {
  if (process.platform !== 'linux') {
    throw new SetupError(`ram mounts disks on Linux only; this is ${process.platform}.`);
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin = 0, minorMin = 0] = nodeVersionMin.split('.').map(Number);
  if (major < majorMin || (major === majorMin && minor < minorMin)) {
    throw new SetupError(
      `Node ${nodeVersionMin} or newer is needed; this is ${process.versions.node}.`,
    );
  }
}

/** @param {import('./plan.mjs').SetupPlan} plan @param {string[]} missing */
function announce(plan, missing) {
  const items = plan.aptPackages.map(({ name, why }) => `${name} (Debian package) — ${why}`);
  if (plan.pnpm !== 'none') items.push(`pnpm ${pnpmVersion} in ${pnpmPlace(plan.pnpm)}`);
  items.push("the project's dependencies, in node_modules, from the npm registry");
  step('This will install what is missing of');
  for (const item of items) console.log(`  ${item}`);
  if (plan.aptPackages.length + missing.length === 0) {
    console.log('Nothing is missing of the system packages.');
  }
  for (const line of missing) console.log(line);
  if (missing.length > 0) console.log('Going on with all that can be done without.');
}

/** @param {string[]} packages */
function installDebianPackages(packages) {
  step(`Installing Debian packages: ${packages.join(' ')}`);
  const options = {
    quiet: true,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    hint: 'Is there a network, and does another apt-get run?',
  };
  run('apt-get', ['update'], options);
  run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
}

/**
 * @param {Exclude<import('./plan.mjs').SetupPlan['pnpm'], 'none'>} where
 * @returns {string} The prefix.
 */
function pnpmPlace(where) {
  if (where === 'global') return "npm's global folder";
  return where === 'home' ? join(homedir(), '.local') : projectTools();
}

function projectTools() {
  return join(projectDirectory, 'node_modules', '.tools');
}

/** A pnpm that an earlier run put into the project comes before any other. */
function usePnpmOfProject() {
  process.env.PATH = `${join(projectTools(), 'bin')}${delimiter}${process.env.PATH ?? ''}`;
}

/**
 * @param {import('./plan.mjs').SetupPlan['pnpm']} where
 * @returns {string | undefined} The folder of pnpm when it isn't on the user's PATH.
 */
function installPnpm(where) {
  if (where === 'none') return undefined;
  step(`Installing pnpm ${pnpmVersion} in ${pnpmPlace(where)}`);
  const target = where === 'global' ? [] : ['--prefix', pnpmPlace(where)];
  run('npm', ['install', '--global', ...target, `pnpm@${pnpmVersion}`], {
    quiet: true,
    hint: 'Is there a network?',
  });
  if (where === 'global') return undefined;
  const folder = join(pnpmPlace(where), 'bin');
  if ((process.env.PATH ?? '').split(delimiter).slice(1).includes(folder)) return undefined;
  process.env.PATH = `${folder}${delimiter}${process.env.PATH ?? ''}`;
  return folder;
}

function installDependencies() {
  step('Installing dependencies');
  const frozen = ['install', '--frozen-lockfile', '--reporter=append-only'];
  if (tryRun('pnpm', frozen, { quiet: true }) === 0) return;
  if (process.env.CI) throw new SetupError('`pnpm install --frozen-lockfile` failed, see above.');
  console.log('The lockfile may be behind a package.json that was edited: trying without it.');
  run('pnpm', ['install', '--no-frozen-lockfile'], { hint: 'Is there a network?' });
}

/** Users without a home (nobody, build users) get one in the project, for caches. */
function useProjectAsHome() {
  const home = join(projectDirectory, 'node_modules', '.home');
  mkdirSync(home, { recursive: true });
  process.env.HOME = home;
}

/** @param {string} title */
export function step(title) {
  console.log(`\n▸ ${title}`);
}

/**
 * @typedef {object} RunOptions
 * @property {boolean} [quiet] Show the output only when the command fails.
 * @property {Record<string, string>} [env]
 * @property {string} [hint] What to do when it fails.
 */

/** @param {string} command @param {string[]} args @param {RunOptions} [options] */
function run(command, args, options = {}) {
  const status = tryRun(command, args, options);
  if (status === 0) return;
  const line = `\`${[command, ...args].join(' ')}\` failed (${status}).`;
  throw new SetupError(options.hint === undefined ? line : `${line} ${options.hint}`);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {number | string} 0, or how it failed.
 */
function tryRun(command, args, { quiet = false, env } = {}) {
  const result = spawnSync(command, args, {
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, ...env },
  });
  if (quiet && result.status !== 0) console.error(`${result.stdout}${result.stderr}`);
  return result.status ?? result.signal ?? String(result.error?.message);
}
