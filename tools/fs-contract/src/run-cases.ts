// Runs cases on one surface, in this process, one after the other.
import { makeClient } from './client.ts';
import type { Client, Identity, Place, UserName } from './client.ts';
import { NotOffered } from './file-calls.ts';
import type { FileCalls, Path } from './file-calls.ts';
import type { Case } from './rules.ts';

/** A driver's calls, made again and again by the same client. */
export interface Driver extends Partial<FileCalls> {
  /** Forgets the last case: descriptors, umask, limits; and goes to a directory. */
  reset(directory: string): void;
  end?(): void;
}

/** Somewhere to run cases, made by a factory of `surfaces.ts`. */
export interface Surface {
  /** Where cases get their directories; absolute. */
  base: string;
  /** The same on a read-only mount. */
  readOnlyBase?: string | undefined;
  /** The same with nosuid, nodev and noexec. */
  restrictedBase?: string | undefined;
  elsewhere?: string | undefined;
  /** Who a case is at first. */
  user: UserName;
  /** Starts a client. Throws NotOffered for users that can't be had here. */
  connect(identity: Identity): Driver;
  close(): void | Promise<void>;
}

export interface Outcome {
  id: string;
  /** `lacks`: the surface has no such call; `detail` says which. */
  result: 'passed' | 'failed' | 'lacks';
  detail?: string;
}

const clockName = '.clock';

/** @param onStart Told before each case. */
export function* runCases(
  surface: Surface,
  cases: readonly Case[],
  onStart: (id: string) => void = () => {},
): Generator<Outcome> {
  const drivers = new Map<string, Driver>();
  const driverOf = (identity: Identity): Driver => {
    const key = JSON.stringify(identity);
    const driver = drivers.get(key) ?? surface.connect(identity);
    drivers.set(key, driver);
    return driver;
  };
  const self = { user: surface.user };
  const owner = driverOf(self);
  owner.reset(surface.base);
  const root = makeClient(
    placeOf(surface, '.', () => owner),
    self,
  );
  if (!root.exists(clockName)) root.create(clockName);
  root.chmod(clockName, 0o666);
  for (const [number, one] of cases.entries()) {
    onStart(one.id);
    const name = `${process.pid}-${number}`;
    root.mkdir(name);
    root.chmod(name, 0o777);
    const outcome = runOne(surface, one, name, driverOf);
    yield cleared(root, name, outcome);
  }
  for (const driver of drivers.values()) driver.end?.();
}

function runOne(
  surface: Surface,
  { id, run }: Case,
  name: string,
  driverOf: (identity: Identity) => Driver,
): Outcome {
  const here = new Set<Driver>();
  const place = placeOf(surface, name, (identity) => {
    const driver = driverOf(identity);
    if (!here.has(driver)) driver.reset(`${surface.base}/${name}`);
    here.add(driver);
    return driver;
  });
  try {
    run(makeClient(place, { user: surface.user }));
    return { id, result: 'passed' };
  } catch (error) {
    if (error instanceof NotOffered) return { id, result: 'lacks', detail: error.what };
    return { id, result: 'failed', detail: describe(error) };
  } finally {
    for (const driver of here) driver.reset(surface.base);
  }
}

function placeOf(surface: Surface, name: string, callsOf: Place['callsOf']): Place {
  const { base, readOnlyBase, restrictedBase, elsewhere } = surface;
  const below = (folder: string | undefined) => folder && `${folder}/${name}`;
  return {
    directory: `${base}/${name}`,
    readOnly: below(readOnlyBase),
    restricted: below(restrictedBase),
    elsewhere,
    clock: `${base}/${clockName}`,
    callsOf,
  };
}

/** The message, and the line of the case. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const line = /[^/]*\/cases\/[^\s)]*/.exec(error.stack ?? '')?.[0];
  return line === undefined ? (error.stack ?? error.message) : `${error.message} (${line})`;
}

/** The next case may need the space; what can't be removed is a failure. */
function cleared(root: Client, name: string, outcome: Outcome): Outcome {
  try {
    removeTree(root, name);
    return outcome;
  } catch (error) {
    if (outcome.result === 'failed') return outcome;
    return { id: outcome.id, result: 'failed', detail: `its files stay: ${describe(error)}` };
  }
}

function removeTree(fs: Client, path: Path): void {
  const bytes = Buffer.from(path as string);
  fs.chmod(path, 0o700);
  for (const entry of fs.readdir(path)) {
    if (entry.name === '.' || entry.name === '..') continue;
    const child = Buffer.concat([bytes, Buffer.from('/'), entry.bytes]);
    if (entry.type === 'directory') removeTree(fs, child);
    else fs.unlink(child);
  }
  fs.rmdir(path);
}
