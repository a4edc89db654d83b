import { invalidArgument, invalidValue, outOfRange } from '@ram/errno';
import { callError } from '../call-error.ts';
import type { NativeVolume } from '../native.ts';
import {
  isBuffer,
  toBuffer,
  toBuffers,
  toDescriptor,
  toInteger,
  toMode,
  toPath,
  toReadPosition,
  toWritePosition,
} from './arguments.ts';
import { toFlags } from './options.ts';
import type { VolumeFs } from './volume-fs.ts';

const defaultFileMode = 0o666;

interface Range {
  offset?: unknown;
  length?: unknown;
  position?: unknown;
}

type DescriptorCalls = Pick<
  VolumeFs,
  | 'openSync'
  | 'closeSync'
  | 'readSync'
  | 'readvSync'
  | 'writeSync'
  | 'writevSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'fdatasyncSync'
>;

/** Opening, and what works on an open file's bytes. */
export function descriptorCalls(volume: NativeVolume): DescriptorCalls {
  return {
    openSync(pathArgument, flags, mode) {
      const path = toPath(pathArgument);
      const fd = volume.open(path, toFlags(flags), toMode(mode, defaultFileMode));
      if (fd < 0) throw callError(fd, 'open', path);
      return fd;
    },

    closeSync(fd) {
      const result = volume.closeFile(toDescriptor(fd));
      if (result < 0) throw callError(result, 'close');
    },

    readSync: readCall(volume),

    readvSync(fdArgument, buffersArgument, position) {
      const fd = toDescriptor(fdArgument);
      const buffers = toBuffers(buffersArgument);
      return transferAll(buffers, position, 'read', (buffer, at) =>
        volume.read(fd, buffer, 0, buffer.byteLength, at),
      );
    },

    writeSync: writeCall(volume),

    writevSync(fdArgument, buffersArgument, position) {
      const fd = toDescriptor(fdArgument);
      const buffers = toBuffers(buffersArgument);
      if (buffers.length === 0) return 0;
      return transferAll(buffers, position, 'write', (buffer, at) =>
        volume.write(fd, buffer, 0, buffer.byteLength, at),
      );
    },

    ftruncateSync(fdArgument, length) {
      const size = Math.max(0, toInteger(length === undefined ? 0 : length, 'len'));
      const result = volume.ftruncate(toDescriptor(fdArgument), size);
      if (result < 0) throw callError(result, 'ftruncate');
    },

    fsyncSync(fd) {
      const result = volume.sync(toDescriptor(fd), false);
      if (result < 0) throw callError(result, 'fsync');
    },

    fdatasyncSync(fd) {
      const result = volume.sync(toDescriptor(fd), true);
      if (result < 0) throw callError(result, 'fdatasync');
    },
  };
}

function readCall(volume: NativeVolume) {
  return (
    fdArgument: unknown,
    bufferArgument: unknown,
    offsetOrOptions?: unknown,
    length?: unknown,
    position?: unknown,
  ): number => {
    const fd = toDescriptor(fdArgument);
    const buffer = toBuffer(bufferArgument);
    const size = buffer.byteLength;
    let offset = 0;
    if (typeof offsetOrOptions === 'number') {
      offset = toInteger(offsetOrOptions, 'offset', 0);
    } else if (typeof offsetOrOptions === 'object' || (length ?? position) === undefined) {
      const range = toRange(offsetOrOptions);
      offset = range.offset === undefined ? 0 : toInteger(range.offset, 'offset', 0);
      length = range.length === undefined ? size - offset : range.length;
      position = range.position;
    } else if (offsetOrOptions !== undefined) {
      toInteger(offsetOrOptions, 'offset', 0);
    }
    const count = (length as number) | 0;
    if (count === 0) return 0;
    if (size === 0) throw invalidValue('buffer', buffer, 'is empty and cannot be written');
    if (count < 0) throw outOfRange('length', '>= 0', count);
    if (offset + count > size) throw outOfRange('length', `<= ${size - offset}`, count);
    const result = volume.read(fd, buffer, offset, count, toReadPosition(position));
    if (result < 0) throw callError(result, 'read');
    return result;
  };
}

function writeCall(volume: NativeVolume) {
  return (
    fdArgument: unknown,
    data: unknown,
    offsetOrOptions?: unknown,
    lengthOrEncoding?: unknown,
    position?: unknown,
  ): number => {
    const fd = toDescriptor(fdArgument);
    if (!isBuffer(data)) {
      const bytes = textToWrite(data, lengthOrEncoding);
      const at = toWritePosition(offsetOrOptions);
      return checkWrite(volume.write(fd, bytes, 0, bytes.length, at));
    }
    let offset = offsetOrOptions ?? 0;
    let length = lengthOrEncoding;
    if (typeof offset === 'object') {
      const range = offset as Range;
      offset = range.offset ?? 0;
      length = range.length;
      position = range.position;
    }
    const start = toInteger(offset, 'offset', 0);
    const size = data.byteLength;
    const count = typeof length === 'number' ? length : size - start;
    if (start > size) throw outOfRange('offset', `<= ${size}`, start);
    if (count > size - start) throw outOfRange('length', `<= ${size - start}`, count);
    if (count < 0) throw outOfRange('length', '>= 0', count);
    toInteger(count, 'length', 0, 2 ** 31 - 1);
    return checkWrite(volume.write(fd, data, start, count, toWritePosition(position)));
  };
}

function toRange(options: unknown): Range {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw invalidArgument('options', 'Object', options);
  }
  return options;
}

function checkWrite(result: number): number {
  if (result < 0) throw callError(result, 'write');
  return result;
}

function textToWrite(text: unknown, encoding: unknown): Buffer {
  if (typeof text !== 'string') {
    throw invalidArgument('buffer', ['string', 'Buffer', 'TypedArray', 'DataView'], text);
  }
  const known = typeof encoding === 'string' && Buffer.isEncoding(encoding);
  if (known && encoding.toLowerCase() === 'hex' && text.length % 2 !== 0) {
    throw invalidValue('encoding', encoding, `is invalid for data of length ${text.length}`);
  }
  return Buffer.from(text, known ? encoding : 'utf8');
}

/** Buffer by buffer; ends at the first that is not transferred whole. */
function transferAll(
  buffers: readonly NodeJS.ArrayBufferView[],
  position: unknown,
  syscall: string,
  transfer: (buffer: NodeJS.ArrayBufferView, at: number | bigint) => number,
): number {
  let at = typeof position === 'number' ? toWritePosition(position) : -1;
  if (buffers.length === 0) throw callError(-22, syscall); // EINVAL, as readv(2) of nothing
  let total = 0;
  for (const buffer of buffers) {
    const count = transfer(buffer, at);
    if (count < 0 && total === 0) throw callError(count, syscall);
    if (count < 0) break;
    total += count;
    if (at !== -1) at = Number(at) + count;
    if (count < buffer.byteLength) break;
  }
  return total;
}
