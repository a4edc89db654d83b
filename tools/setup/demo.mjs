// Runs the demonstration disk of `npm start` and sees to it that it is unmounted at the end.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guide } from './guide.mjs';

const mountTimeLimitMs = 20_000;
const stopTimeLimitMs = 15_000;
const pollIntervalMs = 50;

/**
 * @param {{ projectDirectory: string, mountPoint: string, missing: string[] }} options
 * @returns {Promise<number>} The exit code: 0 when the disk was mounted and is unmounted.
 */
export async function runDemo({ projectDirectory, mountPoint, missing }) {
  const ram = join(projectDirectory, 'apps', 'cli', 'bin', 'ram.js');
  const before = mountId(mountPoint);
  if (before !== undefined && answers(mountPoint)) {
    console.error(`A disk is mounted on ${mountPoint} already: does another npm start run?`);
    console.error('`node apps/cli/bin/ram.js umount ramdisk` unmounts it.');
    return 1;
  }
  // One that no longer answers is left over: `ram mount` replaces it.
  if (before === undefined) mkdirSync(mountPoint, { recursive: true });
  // A process group of its own: Ctrl-C in a terminal reaches every process of the group, npm
  // passes it on as well, and the disk is to see it once.
  const command = [ram, 'mount', mountPoint, '--foreground', '--name', 'ram-demo', '--page'];
  const disk = spawn(process.execPath, command, {
    stdio: ['inherit', 'pipe', 'inherit'],
    detached: true,
  });
  const address = pageAddress(disk);
  const exited = new Promise((resolve) => {
    disk.once('exit', resolve);
    disk.once('error', resolve);
  });
  const stop = stopOnSignals(disk);

  const mounted = await waitForMount(mountPoint, before, disk);
  if (mounted !== undefined) {
    const page = await Promise.race([address, exited.then(() => undefined)]);
    console.log(guide({ mountPoint, page, ram: 'node apps/cli/bin/ram.js', missing }));
  }
  await exited;
  stop.dispose();
  if (mounted !== undefined && mountId(mountPoint) === mounted) {
    spawnSync(process.execPath, [ram, 'umount', '--yes', mountPoint], { stdio: 'inherit' });
  }
  if (mounted !== undefined && stop.requested() && mountId(mountPoint) !== mounted) {
    console.log('The disk is unmounted and its memory is free again.');
    return 0;
  }
  for (const line of missing) console.error(line);
  return disk.exitCode || 1;
}

/**
 * What `ram mount --page` prints of the page. Never rejects; never resolves when there is none.
 * @param {import('node:child_process').ChildProcess} disk
 * @returns {Promise<string>}
 */
function pageAddress(disk) {
  let said = '';
  return new Promise((resolve) => {
    disk.stdout?.on('data', (chunk) => {
      said += chunk;
      const address = /^Its page: (\S+)\n/m.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}

/** @param {import('node:child_process').ChildProcess} disk */
function stopOnSignals(disk) {
  let requested = false;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const onSignal = () => {
    if (requested) return;
    requested = true;
    disk.kill('SIGTERM');
    timer = setTimeout(() => disk.kill('SIGKILL'), stopTimeLimitMs);
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, onSignal);
  return {
    requested: () => requested,
    dispose: () => {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/**
 * @param {string} mountPoint
 * @param {string | undefined} before The mount that was there, which doesn't count.
 * @param {import('node:child_process').ChildProcess} disk
 * @returns {Promise<string | undefined>} undefined when the disk ended or took too long.
 */
async function waitForMount(mountPoint, before, disk) {
  const end = Date.now() + mountTimeLimitMs;
  while (Date.now() < end && disk.exitCode === null && disk.signalCode === null) {
    const id = mountId(mountPoint);
    if (id !== undefined && id !== before) return id;
    await delay(pollIntervalMs);
  }
  return undefined;
}

/**
 * The kernel's number of the topmost mount on a folder, or undefined.
 * @param {string} mountPoint
 */
function mountId(mountPoint) {
  const table = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const rows = table.map((line) => line.split(' '));
  return rows.findLast((row) => unescapePath(row[4] ?? '') === mountPoint)?.[0];
}

/** Asked in a child with a time limit, since a mount may hang. @param {string} mountPoint */
function answers(mountPoint) {
  const timeout = 3_000;
  return spawnSync('stat', ['-f', mountPoint], { timeout, stdio: 'ignore' }).status === 0;
}

/** The kernel writes spaces and the like as octal numbers. @param {string} text */
function unescapePath(text) {
  return text.replaceAll(/\\(\d{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}
