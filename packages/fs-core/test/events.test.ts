// Events of a Volume as a program gets them.
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runNode } from '@ram/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { Volume } from '../src/index.ts';
import type { VolumeEvent, VolumeEventIterator, VolumeEventsOptions } from '../src/index.ts';

const volumes: Volume[] = [];

function makeVolume(): Volume {
  const volume = new Volume({ maxBytes: '64M' });
  volumes.push(volume);
  return volume;
}

afterEach(() => {
  for (const volume of volumes.splice(0)) volume.close();
});

/** What happens until the Volume is closed. */
async function eventsOf(
  act: (volume: Volume) => void,
  options: VolumeEventsOptions = {},
): Promise<VolumeEvent[]> {
  const volume = makeVolume();
  const events = volume.events(options);
  act(volume);
  volume.close();
  return all(events);
}

async function all(events: VolumeEventIterator): Promise<VolumeEvent[]> {
  const seen: VolumeEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

function names(events: VolumeEvent[]): string[] {
  return events.map(({ type, path, fromPath }) => [type, path, fromPath].filter(Boolean).join(' '));
}

/** Lets what happened until now be delivered. */
async function delivered(volume: Volume): Promise<void> {
  const events = volume.events({ types: ['created'] });
  volume.fs.writeFileSync('/marker', '');
  await events.next();
  await events.return?.();
  volume.fs.unlinkSync('/marker');
  await nextTurn();
}

describe('events', () => {
  it('tell what happened, in order', async () => {
    const events = await eventsOf(({ fs }) => {
      fs.mkdirSync('/d');
      fs.writeFileSync('/d/a', 'hello');
      fs.renameSync('/d/a', '/b');
      fs.readFileSync('/b');
      fs.chmodSync('/b', 0o600);
      fs.truncateSync('/b', 2);
      fs.rmSync('/b');
    });
    expect(names(events)).toEqual([
      'created /d',
      'created /d/a',
      'opened /d/a',
      'written /d/a',
      'closed /d/a',
      'renamed /b /d/a',
      'opened /b',
      'read /b',
      'closed /b',
      'attributes /b',
      'opened /b',
      'truncated /b',
      'closed /b',
      'removed /b',
    ]);
  });

  it('say which file it was, how large, and who did it', async () => {
    let inode = 0;
    const [created, closed] = await eventsOf(
      ({ fs }) => {
        fs.writeFileSync('/a', 'hello');
        inode = fs.statSync('/a').ino;
      },
      { types: ['created', 'closed'] },
    );
    const file = { path: '/a', inode, pid: process.pid };
    expect(created).toMatchObject({ type: 'created', sizeBytes: 0, ...file });
    expect(closed).toMatchObject({ type: 'closed', sizeBytes: 5, written: true, ...file });
    expect(created?.written).toBe(undefined);
    expect(closed?.contents).toBe(undefined);
  });

  it('come only of the types and below the path that were asked for', async () => {
    const act = ({ fs }: Volume): void => {
      fs.mkdirSync('/d/e', { recursive: true });
      fs.writeFileSync('/d/e/a', '1');
      fs.writeFileSync('/de', '2');
      fs.renameSync('/de', '/d/in');
      fs.renameSync('/d/in', '/out');
      fs.unlinkSync('/out');
    };
    const below = await eventsOf(act, { path: '/d/', types: ['created', 'renamed', 'removed'] });
    expect(names(below)).toEqual([
      'created /d',
      'created /d/e',
      'created /d/e/a',
      'renamed /d/in /de',
      'renamed /out /d/in',
    ]);
    expect(await eventsOf(act, { path: '/nothing' })).toEqual([]);
    expect(await eventsOf(act, { types: [] })).toEqual([]);
  });

  it('have paths that are not UTF-8 as bytes', async () => {
    const [from, to] = [Buffer.from('/\xfe', 'latin1'), Buffer.from('/\xff', 'latin1')];
    const [created, renamed, plain] = await eventsOf(
      ({ fs }) => {
        fs.mkdirSync(from);
        fs.renameSync(from, to);
        fs.renameSync(to, '/plain');
      },
      { types: ['created', 'renamed'] },
    );
    expect(created).toMatchObject({ path: '/\ufffd', pathBytes: from });
    expect(renamed).toMatchObject({ pathBytes: to, fromPathBytes: from });
    expect(plain).toMatchObject({ path: '/plain', fromPathBytes: to });
    expect(plain?.pathBytes).toBe(undefined);
  });

  it('have the contents at each close, if asked for', async () => {
    const events = await eventsOf(
      ({ fs }) => {
        for (const text of ['first', 'second', '']) fs.writeFileSync('/a', text);
        fs.readFileSync('/a');
        fs.writeFileSync('/large', Buffer.alloc(300_000, 'x'));
      },
      { types: ['closed'], contents: true },
    );
    const contents = events.map((event) => event.contents?.toString());
    expect(contents).toEqual(['first', 'second', '', undefined, 'x'.repeat(300_000)]);
  });

  it('share a copy of the contents among listeners, whoever is first', async () => {
    const volume = makeVolume();
    const seen: (string | undefined)[] = [];
    const options = { contents: true };
    volume.on('closed', (event) => seen.push(event.contents?.toString()), options);
    volume.on('closed', (event) => seen.push(event.contents?.toString()), options);
    const slow = volume.events({ types: ['closed'], ...options });
    const none = volume.events({ types: ['closed'], maxQueued: 1, ...options });
    for (const text of ['one', 'two', 'three']) volume.fs.writeFileSync('/a', text);
    await delivered(volume);
    expect(seen.slice(0, 6)).toEqual(['one', 'one', 'two', 'two', 'three', 'three']);
    expect((await slow.next()).value?.contents?.toString()).toBe('one');
    volume.close();
    expect((await all(slow)).slice(0, 2).map((event) => String(event.contents))).toEqual([
      'two',
      'three',
    ]);
    expect((await all(none)).map((event) => event.type)).toEqual(['closed', 'overflow']);
  });

  it('reach exactly their file, renamed or removed', async () => {
    const volume = makeVolume();
    const { fs } = volume;
    const events = volume.events({ types: ['closed'] });
    fs.writeFileSync('/a', 'renamed');
    fs.renameSync('/a', '/b');
    fs.writeFileSync('/a', 'removed');
    fs.unlinkSync('/a');
    fs.writeFileSync('/a', 'another');
    const { value: renamed } = await events.next();
    const fd = renamed?.open('r+') ?? -1;
    fs.writeSync(fd, 'RE');
    fs.closeSync(fd);
    expect(fs.readFileSync('/b', 'utf8')).toBe('REnamed');
    const { value: removed } = await events.next();
    expect(String(removed?.view())).toBe('removed');
    const open = removed?.open() ?? -1;
    expect(fs.readFileSync(open, 'utf8')).toBe('removed');
    await events.next();
    expect(fs.fstatSync(open).nlink).toBe(0);
    fs.closeSync(open);
    const last = { code: 'ESTALE', syscall: 'open' };
    for (let i = 0; i < 100; i += 1) fs.writeFileSync(`/new${i}`, 'not it');
    while ((await events.next()).value?.path !== '/new99') {
      // Until there is nothing left to deliver.
    }
    await Promise.race([events.next(), nextTurn()]);
    expect(() => removed?.open()).toThrow(expect.objectContaining(last));
    expect(() => removed?.view()).toThrow(expect.objectContaining(last));
    volume.close();
    const closed = expect.objectContaining({ code: 'ERR_RAM_VOLUME_CLOSED' });
    expect(() => renamed?.open()).toThrow(closed);
    expect(() => renamed?.view()).toThrow(closed);
  });
});

describe('listeners', () => {
  it('are called like those of an EventEmitter: in order, twice if added twice', async () => {
    const volume = makeVolume();
    const calls: string[] = [];
    const twice = (event: VolumeEvent): void => void calls.push(`twice ${event.path}`);
    volume
      .on('created', twice)
      .on('created', (event) => calls.push(`other ${event.path}`))
      .on('created', twice)
      .once('created', (event) => calls.push(`once ${event.path}`));
    volume.fs.mkdirSync('/a');
    await delivered(volume);
    expect(calls.splice(0, 4)).toEqual(['twice /a', 'other /a', 'twice /a', 'once /a']);
    calls.length = 0;
    volume.off('created', twice);
    volume.fs.mkdirSync('/b');
    await delivered(volume);
    expect(calls.slice(0, 2)).toEqual(['twice /b', 'other /b']);
    calls.length = 0;
    volume.off('created', twice).off('created', twice).off('removed', twice);
    volume.fs.mkdirSync('/c');
    await delivered(volume);
    expect(calls).toEqual(['other /c', 'other /marker']);
  });

  it('that another removes still get the event in hand; those that it adds do not', async () => {
    const volume = makeVolume();
    const calls: string[] = [];
    const second = (event: VolumeEvent): void => void calls.push(`second ${event.path}`);
    const late = (event: VolumeEvent): void => void calls.push(`late ${event.path}`);
    volume.once('created', () => volume.off('created', second).on('created', late));
    volume.on('created', second);
    volume.fs.mkdirSync('/a');
    volume.fs.mkdirSync('/b');
    await delivered(volume);
    expect(calls.slice(0, 2)).toEqual(['second /a', 'late /b']);
  });

  it('that throw do not stop the others; each error is an uncaught exception', async () => {
    const fixture = new URL('fixtures/events.ts', import.meta.url);
    const { stdout, stderr } = await runNode(fixture, ['throw']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      calls: ['/a', '/b'],
      errors: ['sync /a', 'sync /b'],
      rejections: ['async /a', 'async /b'],
    });
  });

  it('lose exactly what does not fit while the loop is blocked', async () => {
    const volume = makeVolume();
    let got = 0;
    let lost = 0;
    let told = 0;
    volume.on('attributes', (event) => {
      if (event.type === 'overflow') lost += event.lost ?? 0;
      else got += 1;
    });
    volume.on('overflow', (event) => (told += event.lost ?? 0));
    const events = volume.events({ types: ['attributes'], maxQueued: 100 });
    volume.fs.mkdirSync('/d');
    const many = 120_000;
    for (let i = 0; i < many; i += 1) volume.fs.chmodSync('/d', 0o700);
    await expect.poll(() => got + lost).toBe(many);
    expect(got).toBeLessThan(many);
    expect(told).toBe(lost);
    volume.close();
    const seen = await all(events);
    const lostByIterator = seen.reduce((sum, event) => sum + (event.lost ?? 0), 0);
    const gotByIterator = seen.filter((event) => event.type === 'attributes').length;
    expect(gotByIterator + lostByIterator).toBe(many);
  });

  it('that are slow lose events alone', async () => {
    const volume = makeVolume();
    const fast: (string | undefined)[] = [];
    let got = 0;
    let lost = 0;
    const slow = (event: VolumeEvent): void => {
      if (event.type === 'overflow') lost += event.lost ?? 0;
      else got += 1;
      const end = performance.now() + 1;
      while (performance.now() < end) {
        // As a listener that has much to do.
      }
    };
    volume.on('created', slow, { maxQueued: 100 });
    volume.on('created', (event) => fast.push(event.path));
    const many = 3000;
    for (let i = 0; i < many; i += 1) {
      volume.fs.mkdirSync(`/d${i}`);
      if (i % 100 === 0) await nextTurn();
    }
    await expect.poll(() => got + lost).toBe(many);
    expect(fast).toEqual(Array.from({ length: many }, (_, i) => `/d${i}`));
    expect(lost).toBeGreaterThan(0);
  });

  it('in another thread get the same events', async () => {
    const fixture = new URL('fixtures/events.ts', import.meta.url);
    const { stdout, stderr } = await runNode(fixture, ['threads']);
    expect(stderr).toBe('');
    const [main, worker] = JSON.parse(stdout) as [string[], string[]];
    expect(main).toHaveLength(2000);
    expect(worker).toEqual(main);
  });

  it.each([
    ['listener', { calls: ['/a'] }],
    ['iterator', { calls: ['/a', 'ended by close'] }],
    ['unref', { calls: [] }],
  ])('end with the process, or keep it: %s', async (way, expected) => {
    const fixture = new URL('fixtures/events.ts', import.meta.url);
    const { stdout, stderr, code } = await runNode(fixture, [way]);
    expect(stderr).toBe('');
    expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, ...expected });
  });
});

describe('an iterator', () => {
  it('waits for events, and answers several questions in order', async () => {
    const volume = makeVolume();
    const events = volume.events({ types: ['created'] });
    const answers = Promise.all([events.next(), events.next(), events.next()]);
    for (const name of ['/a', '/b', '/c']) volume.fs.mkdirSync(name);
    expect((await answers).map(({ value }) => value?.path)).toEqual(['/a', '/b', '/c']);
  });

  it('ends with its loop, its signal, its disposal and its Volume', async () => {
    const volume = makeVolume();
    const controller = new AbortController();
    const { signal } = controller;
    const [left, aborted, disposed, closed] = [{}, { signal }, {}, {}].map((o) => volume.events(o));
    volume.fs.mkdirSync('/a');
    for await (const event of left as VolumeEventIterator) {
      expect(event.path).toBe('/a');
      break;
    }
    await disposed?.[Symbol.asyncDispose]();
    const waiting = [all(left as VolumeEventIterator), all(disposed as VolumeEventIterator)];
    expect(await Promise.all(waiting)).toEqual([[], []]);
    await aborted?.next();
    const abortedWaits = aborted?.next();
    const dropping = volume.events({ signal });
    volume.fs.mkdirSync('/dropped');
    controller.abort();
    expect(await abortedWaits).toEqual({ done: true, value: undefined });
    expect(await all(dropping)).toEqual([]);
    expect(await all(volume.events({ signal }))).toEqual([]);
    volume.fs.mkdirSync('/b');
    volume.close();
    expect(names(await all(closed as VolumeEventIterator))).toEqual([
      'created /a',
      'created /dropped',
      'created /b',
    ]);
    expect(await closed?.next()).toEqual({ done: true, value: undefined });
  });

  it('rejects when an error is thrown into it, and is over', async () => {
    const events = makeVolume().events();
    await expect(events.throw?.(new Error('mine'))).rejects.toThrow('mine');
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});

describe('wrong arguments', () => {
  const garbage = [null, 5, Symbol('x'), {}, [], true, () => {}];
  const code = (expected: string) => expect.objectContaining({ code: expected });
  const type = code('ERR_INVALID_ARG_TYPE');

  it('are TypeErrors with codes', () => {
    // oxlint-disable-next-line typescript/no-explicit-any -- what is wrong has no type
    const volume = makeVolume() as any;
    const listener = (): void => {};
    for (const wrong of [undefined, ...garbage]) {
      for (const call of ['on', 'once', 'off']) {
        expect(() => volume[call](wrong, listener)).toThrow(type);
        if (wrong !== garbage[6]) expect(() => volume[call]('closed', wrong)).toThrow(type);
      }
    }
    expect(() => volume.on('close', listener)).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => volume.events({ types: ['x'] })).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => volume.events({ type: 'closed' })).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => volume.on('closed', listener, { types: [] })).toThrow(
      code('ERR_INVALID_ARG_VALUE'),
    );
    for (const wrong of [null, 5, 'closed', true]) {
      expect(() => volume.on('closed', listener, wrong)).toThrow(type);
      expect(() => volume.events(wrong)).toThrow(type);
      expect(() => volume.events({ signal: wrong })).toThrow(type);
    }
    for (const wrong of [null, 5, 'closed', {}, [5]]) {
      expect(() => volume.events({ types: wrong })).toThrow(type);
    }
    for (const wrong of [5, {}, [], null]) {
      expect(() => volume.events({ path: wrong })).toThrow(type);
    }
    expect(() => volume.events({ path: '/a\0' })).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => volume.events({ contents: 1 })).toThrow(type);
    expect(() => volume.events({ maxQueued: '5' })).toThrow(type);
    for (const wrong of [0, -1, 1.5, Infinity]) {
      expect(() => volume.events({ maxQueued: wrong })).toThrow(code('ERR_OUT_OF_RANGE'));
    }
  });

  it('are told for a file that an event is not about, and on a closed Volume', async () => {
    const volume = makeVolume();
    const events = volume.events({ maxQueued: 1 });
    volume.fs.mkdirSync('/a');
    volume.fs.mkdirSync('/b');
    volume.close();
    const [created, overflow] = await all(events);
    expect(overflow).toMatchObject({ type: 'overflow', lost: 1 });
    expect(() => overflow?.open()).toThrow(code('ERR_RAM_NO_FILE'));
    expect(() => overflow?.view()).toThrow(code('ERR_RAM_NO_FILE'));
    expect(() => created?.open('nonsense')).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => volume.on('closed', () => {})).toThrow(code('ERR_RAM_VOLUME_CLOSED'));
    expect(() => volume.events()).toThrow(code('ERR_RAM_VOLUME_CLOSED'));
    expect(volume.off('closed', () => {})).toBe(volume);
  });

  it('listen from at most 64 Volume objects at once', async () => {
    const volume = makeVolume();
    const others = Array.from({ length: 64 }, () => Volume.fromToken(volume.token));
    volumes.push(...others);
    for (const other of others) other.on('created', () => {});
    expect(() => volume.on('created', () => {})).toThrow(code('EMFILE'));
    others[5]?.close();
    const events = volume.events({ types: ['created'] });
    volume.fs.mkdirSync('/a');
    expect((await events.next()).value?.path).toBe('/a');
  });
});

it('a Volume that is closed by a listener is closed', async () => {
  const volume = makeVolume();
  const events = volume.events();
  const closes = new EventTarget();
  volume.on('created', () => {
    volume.close();
    closes.dispatchEvent(new Event('closed'));
  });
  const closed = once(closes, 'closed');
  volume.fs.mkdirSync('/a');
  volume.fs.mkdirSync('/b');
  await closed;
  expect(names(await all(events))).toEqual(['created /a', 'created /b']);
});
