import { createServer, get } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Volume } from '@ram/fs-core';
import type { PageChanges, PageSnapshot } from '@ram/viewer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskWatch } from './disk-watch.ts';
import { PageStreams } from './page-streams.ts';
import { volumeEvents } from './volume-events.ts';

interface Message {
  event: string;
  data: unknown;
}

let volume: Volume;
let streams: PageStreams;
let watch: DiskWatch;
let server: Server;
let responses: ServerResponse[];

const fail = (error: unknown): void => {
  throw error;
};

beforeEach(async () => {
  responses = [];
  volume = new Volume({ maxBytes: '64M' });
  streams = new PageStreams(fail);
  const disk = { name: 'disk', directory: '/mnt', fs: volume.fs };
  const events = (signal: AbortSignal) => volumeEvents(volume, signal);
  watch = new DiskWatch({ ...disk, usage: () => volume.usage(), events, report: fail }, streams);
  streams.attach(watch);
  server = createServer((_, response) => {
    responses.push(response);
    streams.open(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  watch.close();
  streams.ended();
  server.close();
  server.closeAllConnections();
  volume.close();
});

function open(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => get({ host: '127.0.0.1', port, agent: false }, resolve));
}

/** Opens a stream and gathers what it tells. */
async function listen(): Promise<Message[]> {
  const messages: Message[] = [];
  let text = '';
  const incoming = await open();
  incoming.on('error', () => {});
  incoming.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      if (event !== '') messages.push({ event, data: JSON.parse(data) });
      text = text.slice(end + 2);
    }
  });
  return messages;
}

/** The paths that somebody knows who read these messages. */
function known(messages: readonly Message[]): string[] {
  const paths = new Set<string>();
  for (const { event, data } of messages) {
    if (event === 'snapshot') paths.clear();
    const { files = [] } = data as Partial<PageSnapshot>;
    for (const path of (data as Partial<PageChanges>).removed ?? []) paths.delete(path);
    for (const { path } of files) paths.add(path);
  }
  return [...paths].toSorted();
}

describe('a stream', () => {
  it('begins with a snapshot and goes on with changes', async () => {
    volume.fs.writeFileSync('/before', '');
    const messages = await listen();
    await expect.poll(() => known(messages)).toEqual(['/before']);
    volume.fs.writeFileSync('/after', 'text');
    volume.fs.unlinkSync('/before');
    await expect.poll(() => known(messages)).toEqual(['/after']);
    expect(messages[0]?.event).toBe('snapshot');
    const told = messages.flatMap(({ data }) => (data as PageChanges).events ?? []);
    expect(told.map(({ type, path }) => `${type} ${path}`)).toEqual(
      expect.arrayContaining(['created /after', 'closed /after', 'removed /before']),
    );
  });

  it('that comes again gets a snapshot again', async () => {
    const first = await listen();
    volume.fs.writeFileSync('/a', '');
    await expect.poll(() => known(first)).toEqual(['/a']);
    responses[0]?.destroy();
    const again = await listen();
    await expect.poll(() => known(again)).toEqual(['/a']);
    expect(again[0]?.event).toBe('snapshot');
  });

  it('that nobody reads costs bounded memory, and holds nobody up', async () => {
    const slow = await open();
    slow.pause();
    const fast = await listen();
    let rounds = 0;
    // Until the kernel takes no more for it, and then some more.
    for (let extra = 5; extra > 0 && rounds < 100; rounds += 1) {
      if (responses[0]?.writableNeedDrain) extra -= 1;
      for (let i = 0; i < 500; i += 1) {
        volume.fs.writeFileSync(`/${'n'.repeat(200)}${rounds}-${i}`, '');
      }
      volume.fs.writeFileSync(`/round${rounds}`, '');
      await expect.poll(() => known(fast).includes(`/round${rounds}`)).toBe(true);
    }
    expect(responses[0]?.writableNeedDrain).toBe(true);
    expect(responses[0]?.writableLength).toBeLessThan(2 ** 20);
    slow.destroy();
  });

  it('is told the end, also one that comes after it', async () => {
    const messages = await listen();
    await expect.poll(() => messages.length).toBe(1);
    volume.close();
    await expect.poll(() => messages.at(-1)?.event).toBe('end');
    const late = await listen();
    await expect.poll(() => late).toEqual([{ event: 'end', data: {} }]);
  });

  it('is one of so many: the oldest is cut off', async () => {
    const first = await open();
    const closed = new Promise((resolve) => first.on('close', resolve));
    first.on('error', () => {}).resume();
    for (let i = 0; i < 32; i += 1) void listen();
    await closed;
  });
});
