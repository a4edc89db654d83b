// The other end of native/system_calls.cc: one process, told over a pipe which calls to make.
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorMap } from 'node:util';

/** An argument whose bytes come back; `filled` ones also go in. */
export class Output {
  bytes: Buffer;
  readonly filled: boolean;
  /** Lengths, for a `struct iovec[]` over the bytes. */
  readonly parts: readonly number[] | undefined;

  constructor(bytes: Buffer | number | readonly number[]) {
    this.filled = Buffer.isBuffer(bytes);
    this.parts = Array.isArray(bytes) ? bytes : undefined;
    const length = this.parts?.reduce((sum, part) => sum + part, 0) ?? bytes;
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(length as number);
  }
}

/** A number, bytes for the call to read, bytes that it fills, or a list for `struct iovec`. */
export type Argument = number | bigint | string | Buffer | Output | readonly (string | Buffer)[];

/** A system call that was refused; `code` is the name of the errno or of a signal. */
class CallError extends Error {
  readonly code: string;

  constructor(code: string, call: string) {
    super(`${call}: ${code}`);
    this.code = code;
  }
}

const extraNames: Readonly<Record<number, string>> = {
  8: 'ENOEXEC',
  35: 'EDEADLK',
  116: 'ESTALE',
  122: 'EDQUOT',
};
const signals: Readonly<Record<number, string>> = { 7: 'SIGBUS', 11: 'SIGSEGV' };

function codeOf(result: number): string {
  if (result <= -3000) return 'unknown call';
  if (result <= -2000) return signals[-2000 - result] ?? `signal ${-2000 - result}`;
  return getSystemErrorMap().get(result)?.[0] ?? extraNames[-result] ?? `errno ${-result}`;
}

/** Calls are synchronous: the pipe is read until the answer is there. */
export class SystemCalls {
  readonly #child: ChildProcess;
  readonly #requests: number;
  readonly #replies: number;

  constructor(program: string) {
    const folder = mkdtempSync(join(tmpdir(), 'ram-calls-'));
    const [toChild, fromChild] = [join(folder, 'requests'), join(folder, 'replies')];
    execFileSync('mkfifo', [toChild, fromChild]);
    // Node's own pipes to children don't block. Opened for both, a FIFO opens at once.
    const both = [toChild, fromChild].map((path) => openSync(path, constants.O_RDWR));
    const childInput = openSync(toChild, constants.O_RDONLY);
    const childOutput = openSync(fromChild, constants.O_WRONLY);
    this.#requests = openSync(toChild, constants.O_WRONLY);
    this.#replies = openSync(fromChild, constants.O_RDONLY);
    this.#child = spawn(program, [], { stdio: [childInput, childOutput, 'inherit'] });
    for (const fd of [...both, childInput, childOutput]) closeSync(fd);
    rmSync(folder, { recursive: true });
  }

  /** Makes the call and returns its result; bytes out are put into their `Output`s. */
  call(name: string, ...args: Argument[]): number {
    return Number(this.callBig(name, ...args));
  }

  /** For results that a number can't hold: addresses. */
  callBig(name: string, ...args: Argument[]): bigint {
    return this.start(name, ...args)();
  }

  /** Begins a call that may wait for others; what is returned waits for its result. Only one. */
  start(name: string, ...args: Argument[]): () => bigint {
    const body = Buffer.concat([
      Buffer.from([name.length]),
      Buffer.from(name),
      Buffer.from([args.length]),
      ...args.flatMap(encode),
    ]);
    writeAll(this.#requests, Buffer.concat([u32(body.length), body]));
    return () => this.#finish(name, args);
  }

  #finish(name: string, args: readonly Argument[]): bigint {
    const reply = this.#read(this.#read(4).readUInt32LE());
    const result = reply.readBigInt64LE();
    let at = 8;
    for (const argument of args) {
      if (!(argument instanceof Output)) continue;
      const { length } = argument.bytes;
      argument.bytes = reply.subarray(at, at + length);
      at += length;
    }
    if (result < 0n && result > -4000n) throw new CallError(codeOf(Number(result)), name);
    return result;
  }

  /** Ends the process, and so gives up its locks, descriptors and mappings. */
  end(): void {
    closeSync(this.#requests);
    closeSync(this.#replies);
    this.#child.kill('SIGKILL');
  }

  #read(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const got = readSync(this.#replies, bytes, done, length - done, null);
      if (got === 0) throw new Error('the process that makes the calls has died');
      done += got;
    }
    return bytes;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function encode(argument: Argument): Buffer[] {
  if (typeof argument === 'number' || typeof argument === 'bigint') {
    const bytes = Buffer.alloc(9);
    bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(argument)), 1);
    return [bytes];
  }
  if (argument instanceof Output) {
    const { bytes, filled, parts } = argument;
    if (parts !== undefined) return [Buffer.from([5]), u32(parts.length), ...parts.map(u32)];
    return [Buffer.from([filled ? 3 : 2]), u32(bytes.length), ...(filled ? [bytes] : [])];
  }
  if (typeof argument === 'string' || Buffer.isBuffer(argument)) {
    return [Buffer.from([1]), ...sized(argument)];
  }
  return [Buffer.from([4]), u32(argument.length), ...argument.flatMap(sized)];
}

function sized(data: string | Buffer): Buffer[] {
  const bytes = Buffer.from(data as string);
  return [u32(bytes.length), bytes];
}
