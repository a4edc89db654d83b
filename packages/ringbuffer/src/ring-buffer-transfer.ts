import { readSync, writeSync } from 'node:fs';
import { finished } from 'node:stream';
import { invalidArgument } from '@ram/errno';

/** A file descriptor, or a Node stream. */
export type ByteSink = number | NodeJS.WritableStream;
export type ByteSource = number | NodeJS.ReadableStream;

/** Gives `span` to `sink`; how many bytes it took. */
export function writeOut(sink: ByteSink, span: Uint8Array): number | Promise<number> {
  if (typeof sink === 'number') return span.length === 0 ? 0 : writeSync(sink, span);
  if (typeof sink?.write !== 'function') {
    throw invalidArgument('sink', ['number', 'stream.Writable'], sink);
  }
  if (span.length === 0) return Promise.resolve(0);
  return new Promise((resolve, reject) => {
    sink.write(span, (error) => (error ? reject(error) : resolve(span.length)));
  });
}

/**
 * Fills the start of what `span` returns, asked for when there is something to put in.
 * @param added Called with the count before this returns or resolves.
 */
export function readInto(
  source: ByteSource,
  span: () => Uint8Array,
  added: (count: number) => void,
): number | Promise<number> {
  if (typeof source === 'number') {
    const target = span();
    const count = target.length === 0 ? 0 : readSync(source, target);
    added(count);
    return count;
  }
  if (typeof source?.read !== 'function') {
    throw invalidArgument('source', ['number', 'stream.Readable'], source);
  }
  return readFromStream(source, span, added);
}

async function readFromStream(
  source: NodeJS.ReadableStream,
  span: () => Uint8Array,
  added: (count: number) => void,
): Promise<number> {
  for (;;) {
    const target = span();
    if (target.length === 0) return 0;
    const chunk = source.read(target.length) ?? source.read();
    if (chunk !== null) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
      const count = Math.min(bytes.length, target.length);
      target.set(count === bytes.length ? bytes : bytes.subarray(0, count));
      if (count < bytes.length) source.unshift(bytes.subarray(count));
      added(count);
      return count;
    }
    if (!(await hasMore(source))) return 0;
  }
}

/** Waits until the stream has something (true) or has ended (false). */
function hasMore(source: NodeJS.ReadableStream): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onReadable = (): void => settle(() => resolve(true));
    const stop = finished(source, { writable: false }, (error) =>
      settle(() => (error ? reject(error) : resolve(false))),
    );
    const settle = (act: () => void): void => {
      source.removeListener('readable', onReadable);
      stop();
      act();
    };
    source.once('readable', onReadable);
  });
}
