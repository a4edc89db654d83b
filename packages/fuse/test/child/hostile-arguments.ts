// Calls everything of this package with arguments of every kind, in every state of a mount. Ends
// with 'alive', or with what is wrong. Arguments: two empty directories; the seed.
import assert from 'node:assert';
import { constants } from 'node:os';
import { runInNewContext } from 'node:vm';
import { Volume } from '@ram/fs-core';
import { abortConnection, mount, mountState, unmountDirectory } from '../../src/index.ts';
import type { Mounted } from '../../src/index.ts';
import { native } from '../../src/native.ts';
import type { NativeSession } from '../../src/native.ts';
import { sessionOptions } from './session-options.ts';

const [free = '', place = '', seed = '1'] = process.argv.slice(2);
const { errno } = constants;
const volume = new Volume({ maxBytes: '16M' });
const closed = new Volume({ maxBytes: '16M' });
const closedFileSystem = closed.fileSystem;
closed.close();
const thrower = { get force(): boolean { throw new TypeError('on purpose'); } }; // prettier-ignore
const revoked = Proxy.revocable({}, {});
revoked.revoke();

const values: unknown[] = [
  undefined, null, true, 0, -1, 1.5, Number.NaN, Infinity, 2 ** 40, 5n, '', 'a\0b', free,
  `${free}/x`, 'x'.repeat(5000), '\uD800', Symbol('s'), {}, [], () => 0, Buffer.from('/'),
  new URL('file:///no/such'), new URL('http://example.com/'), { force: 1 }, { timeoutMs: 1e-9 },
  { timeoutMs: 0, force: false }, { io: 'fast' }, { threads: 1e9 }, { threads: 2.5 },
  { name: 'n'.repeat(500) }, { name: '' }, { locks: null }, { driver: 'windows' },
  { transport: 'io_uring', locks: 'volume' }, { suid: 'yes' }, thrower, closed, { fileSystem: 5 },
  { fileSystem: closedFileSystem }, new Map(), Object.create(null), revoked.proxy,
]; // prettier-ignore

let state = Number(seed);
function random(limit: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) % limit;
}
const any = () => values[random(values.length)];
const keys = [
  'force',
  'timeoutMs',
  'io',
  'name',
  'threads',
  'locks',
  'transport',
  'suid',
  'readOnly',
];
const anyOptions = () =>
  random(2) === 0 ? any() : { [keys[random(keys.length)] ?? 'name']: any() };

let refused = 0;
/** What rejects or throws does so with an error that has a code. */
async function expectCode(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    refused += 1;
    const isOurs = error instanceof TypeError && /on purpose|revoked/.test(error.message);
    assert.ok(error instanceof Error, String(error));
    assert.ok('code' in error || isOurs, error.stack);
  }
}

type Call = (...args: unknown[]) => unknown;

async function hammer(mounted: Mounted, rounds: number): Promise<void> {
  const object = mounted as unknown as Record<string, Call>;
  for (let round = 0; round < rounds; round += 1) {
    await expectCode(() => (mount as Call)(any(), random(2) ? any() : place, anyOptions()));
    await expectCode(() => (mountState as Call)(any()));
    await expectCode(() => (unmountDirectory as Call)(any(), anyOptions()));
    await expectCode(() => (unmountDirectory as Call)(random(2) ? free : any(), any()));
    await expectCode(() => (abortConnection as Call)(any()));
    for (const name of ['ref', 'unref', 'stats']) await expectCode(() => object[name]?.(any()));
    await expectCode(() => mounted.io);
  }
  for (const options of [null, 5, { force: 'yes' }, { timeoutMs: Number.NaN }]) {
    await assert.rejects(async () => object.unmount?.(options), /ERR_|must be/);
  }
}

function nativeGarbage(): void {
  const { Session, closeOnExec, unmount } = native() as unknown as Record<string, Call> & {
    Session: new (...args: unknown[]) => NativeSession;
  };
  for (const value of values) {
    assert.throws(() => new Session(value, sessionOptions, () => {}), TypeError);
  }
  assert.throws(() => unmount?.(Symbol('no path'), {}), Error);
  assert.ok(Number(closeOnExec?.(-1)) < 0);
  assert.ok(Number(closeOnExec?.('0')) < 0);
  // What is refused leaves the file system to the caller.
  const { fileSystem } = volume;
  const ended = { get root(): never { for (;;); } }; // prettier-ignore
  const limited = { Session, fileSystem, ended };
  const timeout = () => runInNewContext('new Session(fileSystem, ended)', limited, { timeout: 50 });
  assert.throws(timeout, { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' });
  for (const name of Object.keys(sessionOptions)) {
    for (const value of [undefined, Symbol('s'), {}]) {
      const options = { ...sessionOptions, [name]: value };
      assert.throws(() => new Session(fileSystem, options, () => {}), TypeError);
    }
  }
  for (const options of [undefined, null, thrower, revoked.proxy]) {
    assert.throws(() => new Session(fileSystem, options, () => {}), TypeError);
  }
  assert.throws(() => new Session(fileSystem, sessionOptions, {}), TypeError);
  const session = new Session(fileSystem, sessionOptions, () => {});
  assert.throws(() => new Session(fileSystem, sessionOptions, () => {}), TypeError);
  session.stop();
  assert.equal(session.serve(), -errno.EBADF);
  assert.equal(session.findRoot(), -errno.ECANCELED);
}

/** A session makes one mount, in one of two ways. */
async function twoWays(): Promise<void> {
  const { Session, unmount } = native();
  const make = () => new Session(volume.fileSystem, sessionOptions, () => {});
  const request = [free, 'ram', 'fuse.ram', 0, ''] as const;
  const helped = make();
  assert.ok(helped.openHelperSocket('fusermount3', free) >= 0);
  assert.deepEqual(await helped.mount(...request), [-errno.EBUSY, 'mount']);
  assert.equal(helped.openHelperSocket('fusermount3', free), -errno.EBUSY);
  helped.stop();
  const session = make();
  assert.deepEqual(await session.mount(...request), [0, 'identify']);
  assert.equal(session.openHelperSocket('fusermount3', free), -errno.EBUSY);
  assert.deepEqual(await session.mount(...request), [-errno.EBUSY, 'mount']);
  session.stop();
  assert.deepEqual(await session.mount(...request), [-errno.ECANCELED, 'mount']);
  assert.deepEqual(await unmount(free, 0), [0, 'umount']);
}

nativeGarbage();
await twoWays();
const alive = setInterval(() => {}, 1000); // mounts that are unref()ed don't
const mounted = await mount(volume, place);
await hammer(mounted, 12);
assert.equal(await mountState(place), 'mounted');
await abortConnection(place);
await mounted.closed;
assert.equal(await mountState(place), 'dead');
await hammer(mounted, 4);
await unmountDirectory(place).catch((error) => assert.equal(error.code, 'EINVAL'));
const again = await mount(volume, place);
const both = [again.unmount(), again.unmount({ force: true }), unmountDirectory(place)];
for (const result of await Promise.allSettled(both)) {
  if (result.status === 'rejected') assert.equal(result.reason.code, 'EINVAL');
}
await again.closed;
await hammer(again, 4);
assert.equal(await mountState(place), 'free');
volume.close();
clearInterval(alive);
process.stdout.write(`alive, ${refused} refused\n`);
