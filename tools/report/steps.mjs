// What a run consists of: each step leaves one or more suite reports.

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[]} command Started in the project's folder.
 * @property {readonly string[]} [suites] The package scripts whose reports it must leave. Without:
 *   the step counts as one test.
 */

const build = {
  name: 'build',
  command: turbo(
    'build:native',
    'build',
    '--continue=dependencies-successful',
    '--output-logs=errors-only',
  ),
};

const checks = [
  { name: 'lint', command: ['pnpm', 'run', '--silent', 'lint'] },
  { name: 'format', command: ['pnpm', 'run', '--silent', 'format:check'] },
  { name: 'tidy', command: ['pnpm', 'run', '--silent', 'tidy'] },
  { name: 'typecheck', command: turbo('typecheck', '--output-logs=errors-only') },
];

const tests = {
  name: 'test',
  command: turbo('test', 'test:native', '--continue=dependencies-successful'),
  suites: ['test', 'test:native'],
};

/** `npm test`. @type {readonly Step[]} */
export const testSteps = [...checks, build, tests];

/** `pnpm check`: all that a change must pass. @type {readonly Step[]} */
export const checkSteps = [
  ...testSteps,
  { name: 'knip', command: ['pnpm', 'run', '--silent', 'knip'] },
  { name: 'git diff', command: ['git', 'diff', '--exit-code'] },
];

/** `pnpm test:full`: what takes too long for the others. @type {readonly Step[]} */
export const fullSteps = [
  {
    name: 'TSan',
    command: turbo('test:native:thread', '--continue=dependencies-successful'),
    suites: ['test:native:thread'],
  },
  {
    name: 'full',
    command: turbo('test:full', '--concurrency=1', '--continue=dependencies-successful'),
    suites: ['test:full'],
  },
];

/** @param {string[]} args */
function turbo(...args) {
  return ['pnpm', 'turbo', 'run', ...args];
}
