import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { invalidArgument, ramError, systemError } from '@ram/errno';
import { native } from '../native.ts';
import { checkInteger, checkOptions } from '../size.ts';
import { RingConsumer } from './consumer.ts';
import * as layout from './layout.ts';
import { stateError } from './ring-error.ts';
import { RingMemory } from './ring-memory.ts';
import { MpscProducer } from './mpsc-producer.ts';
import type { RingProducer } from './producer.ts';
import { ringPath } from './ring-names.ts';
import { SpscProducer } from './spsc-producer.ts';

export interface RecordRingOptions {
  /**
   * Makes a named ring, a file in /dev/shm that other processes of this user can open, until it is
   * removed. Default: a memfd, which goes when the last opening of it does.
   */
  name?: string;
}

/** Names an opening of a ring for another thread or process of this user. Plain text. */
export type RingToken = string;

/** What SpscRing and MpscRing share. */
export abstract class RecordRing {
  readonly #memory: RingMemory;
  readonly #ends = new Set<RingConsumer | RingProducer>();

  protected constructor(memory: RingMemory, kind: number, what: string) {
    if (!(memory instanceof RingMemory)) {
      throw stateError(`Not by new: ${what}.create() makes one, open() and from…() open one`);
    }
    this.#memory = memory;
    if (memory.kind === kind) return;
    memory.close();
    const other = kind === layout.kindSpsc ? 'MpscRing' : 'SpscRing';
    throw ramError('ERR_RAM_RING_KIND', `The ring is no ${what}; open it as ${other}`);
  }

  /** Bytes of records and their headers (16 each, and padding to 16). */
  get capacityBytes(): number {
    return this.#memory.capacityBytes;
  }

  get closed(): boolean {
    return this.#memory.closed;
  }

  /**
   * Attaches the consumer, of which there is one at a time.
   * @throws ERR_RAM_RING_BUSY, ERR_RAM_RING_CLOSED
   */
  consumer(): RingConsumer {
    const token = this.#memory.attach(0, 1);
    startAnew(this.#memory, layout.consumerClosed);
    const consumer = new RingConsumer(this.#memory, token);
    this.#ends.add(consumer);
    return consumer;
  }

  /**
   * A descriptor of the ring for a child's `stdio`; it stays the ring's. The child opens it with
   * `fromDescriptor`.
   */
  get descriptor(): number {
    return this.#memory.descriptor();
  }

  /**
   * What another thread of this process, or a process of this user, opens the ring with
   * (`fromToken`), while this opening lasts.
   */
  token(): RingToken {
    const { path, inode } = this.#memory.address();
    return `${path}#${inode}`;
  }

  /**
   * Hands the ring to every process of this user that connects to a unix socket at `path`
   * (`receive`), until the server is closed. @throws as `server.listen`
   */
  serve(path: string): Promise<Server> {
    const { descriptor } = this;
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => {});
      // The only way to a socket's descriptor.
      const handle = Reflect.get(socket, '_handle') as { fd: number } | null;
      if (handle !== null) native().sendDescriptor(handle.fd, descriptor);
      socket.destroy();
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve(server));
    });
  }

  /** Closes the ring here, and its ends; it lives on for others. Views of it get length 0. */
  close(): void {
    for (const end of this.#ends) end.close();
    this.#ends.clear();
    this.#memory.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected attachProducer(): RingProducer {
    const spsc = this.#memory.kind === layout.kindSpsc;
    const token = this.#memory.attach(1, spsc ? 1 : layout.slots - 1);
    const noConsumer = !this.#memory.isAttached(0);
    startAnew(this.#memory, noConsumer ? layout.consumerClosed : 0);
    const producer = spsc
      ? new SpscProducer(this.#memory, token)
      : new MpscProducer(this.#memory, token);
    this.#ends.add(producer);
    return producer;
  }
}

/** A stream that was ended, and read to its end, makes place for the next one. */
function startAnew(memory: RingMemory, clear: number): void {
  const state = layout.stateAt >> 2;
  const bits = Atomics.load(memory.words, state);
  const over = (bits & layout.endSeen) !== 0;
  const all = layout.ended | layout.failed | layout.endSeen | layout.consumerClosed;
  Atomics.and(memory.words, state, ~(over ? all : clear));
}

/** The memory of a new ring. */
export function createMemory(
  kind: number,
  sizeBytes: number,
  options: RecordRingOptions,
): RingMemory {
  checkOptions(options);
  const { name } = options;
  checkInteger('sizeBytes', sizeBytes, 1, layout.capacityMax);
  let capacity = Math.max(layout.capacityMin, native().pageBytes);
  while (capacity < sizeBytes) capacity *= 2;
  return RingMemory.create(kind, capacity, name === undefined ? undefined : ringPath(name));
}

export function openMemory(place: string | number): RingMemory {
  if (typeof place === 'string') return RingMemory.open(ringPath(place));
  checkInteger('descriptor', place, 0, 2 ** 31 - 1);
  return RingMemory.open(place);
}

export function openToken(token: RingToken): RingMemory {
  if (typeof token !== 'string') throw invalidArgument('token', 'string', token);
  const [, path, inode] = /^(\/proc\/\d+\/fd\/\d+)#(\d+)$/.exec(token) ?? [];
  if (path === undefined) throw invalidArgument('token', 'string', token);
  const memory = RingMemory.openLink(path);
  if (memory.inode() === Number(inode)) return memory;
  memory.close();
  throw ramError('ERR_RAM_NOT_A_RING', 'The ring of the token is closed');
}

/** Connects to a process that serves a ring, and opens that. */
export async function receiveMemory(path: string, timeoutMs = 5_000): Promise<RingMemory> {
  if (typeof path !== 'string') throw invalidArgument('path', 'string', path);
  checkInteger('timeoutMs', timeoutMs, 1, 2 ** 31 - 1);
  const descriptor = await native().receiveDescriptor(path, timeoutMs);
  if (descriptor < 0) throw systemError(descriptor, 'connect', path);
  return RingMemory.takeDescriptor(descriptor);
}
