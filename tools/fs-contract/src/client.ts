// What a case has in its hands: the calls of one user, and a few words made of them.
import { AssertionError, equal } from 'node:assert/strict';
import type { Capability } from './constants.ts';
import { O } from './constants.ts';
import { NotOffered } from './file-calls.ts';
import type { FileCalls, FileStatus, Path } from './file-calls.ts';

/** `alice` and `carol` are in the group `team`; `bob` is in no group but his own. */
export const users = {
  root: { uid: 0, gid: 0, groups: [] },
  alice: { uid: 2001, gid: 2001, groups: [2100] },
  bob: { uid: 2002, gid: 2002, groups: [] },
  carol: { uid: 2003, gid: 2003, groups: [2100] },
} as const;

/** The group of alice and carol. */
export const team = 2100;

/** `self`: whoever runs the cases, where nobody else can be had. */
export type UserName = keyof typeof users | 'self';

export interface Identity {
  user: UserName;
  /** Capabilities that root goes without. */
  without?: readonly Capability[];
  /** Another number is another process of the same user. */
  process?: number;
}

/** Ticks are 10 ms at most. */
const clockTimeoutMs = 2000;

type Words = Pick<Client, 'create' | 'content' | 'list'>;

export interface Client extends FileCalls {
  /** Makes a file that is not there yet. */
  create(path: Path, content?: Path, mode?: number): void;
  /** Everything in a file, as text. */
  content(path: Path): string;
  /** The names in a directory, in order, without . and .. */
  list(path?: Path): string[];
  exists(path: Path): boolean;
  /** The one call made on the result must be refused with that errno. */
  fails(code: string): FileCalls & Words;
  /** Another user, or this one with fewer capabilities. */
  as(user: UserName, without?: readonly Capability[]): Client;
  /** Another process of the same user. */
  another(): Client;
  /** Which of a file's times a call changes: `atime mtime ctime`, in this order. */
  touched(path: Path, action: () => void): string;
  /** Returns when a change would get a later time than all before, and later than `passed`. */
  tick(passed?: bigint): void;
  /** The case's directory as an absolute path. */
  readonly directory: string;
  /** The same directory where nothing can be changed (a read-only mount). */
  readonly readOnly: string;
  /** The same directory on a mount with nosuid, nodev and noexec. */
  readonly restricted: string;
  /** A directory of another file system. */
  readonly elsewhere: string;
}

/** What a client needs to know of where it is. */
export interface Place {
  directory: string;
  readOnly?: string | undefined;
  restricted?: string | undefined;
  elsewhere?: string | undefined;
  /** A file outside of the case's directory, for `tick`. */
  clock: string;
  /** The calls of somebody, in this case's directory. */
  callsOf(identity: Identity): Partial<FileCalls>;
}

/** Gives the calls of a driver the words of a client; calls that it lacks throw NotOffered. */
export function makeClient(place: Place, identity: Identity): Client {
  const calls = place.callsOf(identity);
  const words: ClientWords = new ClientWords(place, identity, () => client);
  const client: Client = new Proxy(words as unknown as Client, {
    get(_, name: keyof FileCalls) {
      const own: unknown = Reflect.get(words, name);
      if (own !== undefined) return typeof own === 'function' ? own.bind(words) : own;
      const call = calls[name] as ((...args: unknown[]) => unknown) | undefined;
      if (call === undefined) return () => refuse(name);
      return call.bind(calls);
    },
  });
  return client;
}

function refuse(what: string): never {
  throw new NotOffered(what);
}

class ClientWords implements Omit<Client, keyof FileCalls> {
  readonly #place: Place;
  readonly #identity: Identity;
  readonly #self: () => Client;

  constructor(place: Place, identity: Identity, self: () => Client) {
    this.#place = place;
    this.#identity = identity;
    this.#self = self;
  }

  create(path: Path, content: Path = '', mode = 0o644): void {
    const fs = this.#self();
    const fd = fs.open(path, O.WRONLY | O.CREAT | O.EXCL, mode);
    if (content.length > 0) equal(fs.write(fd, content), Buffer.byteLength(content));
    fs.close(fd);
  }

  content(path: Path): string {
    const fs = this.#self();
    const fd = fs.open(path, O.RDONLY);
    const parts: Buffer[] = [];
    for (let part = fs.read(fd, 65_536); part.length > 0; part = fs.read(fd, 65_536)) {
      parts.push(part);
    }
    fs.close(fd);
    return Buffer.concat(parts).toString();
  }

  list(path: Path = '.'): string[] {
    const names = this.#self()
      .readdir(path)
      .map(({ name }) => name);
    return names.filter((name) => name !== '.' && name !== '..').toSorted();
  }

  exists(path: Path): boolean {
    try {
      this.#self().lstat(path);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return false;
      throw error;
    }
  }

  fails(code: string): FileCalls & Words {
    return new Proxy(this.#self(), {
      get:
        (client, name: keyof FileCalls) =>
        (...args: unknown[]) => {
          const call = client[name] as (...args: unknown[]) => unknown;
          expectRefusal(code, name, () => call(...args));
        },
    });
  }

  as(user: UserName, without?: readonly Capability[]): Client {
    const { user: self } = this.#identity;
    if (user === self && without === undefined) return this.#self();
    return makeClient(this.#place, without === undefined ? { user } : { user, without });
  }

  another(): Client {
    return makeClient(this.#place, { ...this.#identity, process: 2 });
  }

  touched(path: Path, action: () => void): string {
    const fs = this.#self();
    const before = fs.lstat(path);
    // With whole milliseconds a later tick of the clock may still look like the finer time before.
    this.tick(before.ctime);
    action();
    const after = fs.lstat(path);
    const times = ['atime', 'mtime', 'ctime'] as const satisfies readonly (keyof FileStatus)[];
    return times.filter((time) => before[time] !== after[time]).join(' ');
  }

  tick(passed = 0n): void {
    const fs = this.#self();
    // By attributes, whose clock is the coarsest: what is passed through gets finer times.
    const fd = fs.open(this.#place.clock, O.RDONLY);
    const now = () => {
      fs.fchmod(fd, 0o666);
      return fs.fstat(fd).ctime;
    };
    const start = now();
    const giveUp = performance.now() + clockTimeoutMs;
    for (let time = start; time <= start || time <= passed; time = now()) {
      if (performance.now() > giveUp) throw new Error('the times of files stand still');
    }
    fs.close(fd);
  }

  get directory(): string {
    return this.#place.directory;
  }

  get readOnly(): string {
    return this.#place.readOnly ?? refuse('read-only mount');
  }

  get restricted(): string {
    return this.#place.restricted ?? refuse('restricted mount');
  }

  get elsewhere(): string {
    return this.#place.elsewhere ?? refuse('other file system');
  }
}

function expectRefusal(code: string, call: string, action: () => unknown): void {
  let outcome = 'succeeded';
  try {
    action();
  } catch (error) {
    const found = (error as { code?: string }).code;
    if (error instanceof NotOffered || found === undefined) throw error;
    // Two names of one number.
    if (found === code || (found === 'ENOTSUP' && code === 'EOPNOTSUPP')) return;
    outcome = `is ${found}`;
  }
  throw new AssertionError({ message: `${call} ${outcome}, expected ${code}` });
}
