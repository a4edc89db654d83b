// Decides from a machine what is to be done. Pure: looks at nothing and changes nothing.
import { installCommands, needs, pnpmVersion, purposes } from './needs.mjs';

/** @typedef {import('./machine.mjs').Machine} Machine */
/** @typedef {import('./needs.mjs').Family} Family */
/** @typedef {import('./needs.mjs').Need} Need */

/**
 * @typedef {object} SetupPlan
 * @property {{ name: string, why: string }[]} aptPackages To be installed by us, as root.
 * @property {Need[]} byHand Missing, and only the user can install it.
 * @property {'none' | 'global' | 'home' | 'project'} pnpm Where to install pnpm.
 */

/**
 * @param {Machine} machine
 * @param {import('./needs.mjs').Purpose} purpose
 * @returns {SetupPlan}
 */
export function planSetup(machine, purpose) {
  const included = new Set(purposes.slice(0, purposes.indexOf(purpose) + 1));
  const missing = needs.filter((need) => included.has(need.purpose) && !machine.has(need.sign));
  const canInstall = machine.root && machine.family === 'debian' && machine.aptGet;
  return {
    aptPackages: canInstall
      ? missing.map(({ packages, why }) => ({ name: packages.debian, why }))
      : [],
    byHand: canInstall ? [] : missing,
    pnpm: planPnpm(machine),
  };
}

/** @param {Machine} machine @returns {SetupPlan['pnpm']} */
function planPnpm(machine) {
  if (machine.pnpmVersion !== undefined && isUsablePnpm(machine.pnpmVersion)) return 'none';
  if (machine.pnpmVersion === undefined && machine.globalWritable) return 'global';
  // Another version is there: leave it to its owner, and put ours beside it.
  return machine.homeWritable && machine.pnpmVersion === undefined ? 'home' : 'project';
}

/** The same major, at least as new as the one pinned. @param {string} version */
function isUsablePnpm(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [pinnedMajor = 0, pinnedMinor = 0] = pnpmVersion.split('.').map(Number);
  return major === pinnedMajor && minor >= pinnedMinor;
}

/**
 * What to tell a user who has to install something: one command where the distribution is known,
 * all names where it isn't.
 *
 * @param {readonly Need[]} byHand
 * @param {Machine} machine
 * @returns {string[]} Lines; none when nothing is missing.
 */
export function describeByHand(byHand, machine) {
  if (byHand.length === 0) return [];
  const lines = [`Missing on this machine (${machine.distribution}); please install:`];
  for (const { packages, why } of byHand) {
    lines.push(`  ${packages[machine.family ?? 'debian']} — ${why}`);
  }
  const families = machine.family ? [machine.family] : typedKeys(installCommands);
  lines.push(machine.family ? 'with' : 'with one of');
  for (const family of families) {
    const names = [...new Set(byHand.map(({ packages }) => packages[family]))].join(' ');
    const sudo = machine.root ? '' : 'sudo ';
    lines.push(`  ${sudo}${installCommands[family]} ${names}`);
  }
  return lines;
}

/** @template {string} K @param {Record<K, unknown>} record */
function typedKeys(record) {
  return /** @type {K[]} */ (Object.keys(record));
}
