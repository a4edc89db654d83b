import { formatBytes } from '@ram/daemon';
import { parseSize } from '@ram/fs-core';
import { MpscRing, SpscRing, listRings, removeRing, ringStatus } from '@ram/ringbuffer';
import type { RingStatus } from '@ram/ringbuffer';
import type { Command } from 'commander';
import { createOutput } from '../output.ts';
import { readRing, writeRing } from '../ring-streams.ts';
import { explainRingError } from '../ring-error.ts';
import { formatTable } from '../table.ts';

interface JsonFlag {
  json?: boolean;
}

const help = `
A ring is a pipe with a name and a size in memory, which outlives its writer and its reader. It
carries one stream at a time: the end of the writer's input is the end for the reader, and then the
next writer and reader may come. A writer that dies is an error for the reader, and the other way.

Examples:
  $ ram ring create video --size 16M
  $ producer | ram ring write video &
  $ ram ring read video | consumer
  $ ram ring rm video
`;

export function addRing(program: Command): void {
  const ring = program
    .command('ring')
    .summary('pipe data through memory, by name')
    .description('Streams between processes through named rings in memory.')
    .addHelpText('after', help);
  addCreate(ring);
  ring
    .command('write')
    .description('Writes standard input into the ring, and ends it.')
    .argument('<NAME>', 'of the ring')
    .option('--end', 'of a ring for many writers: end it for all of them')
    .option('--json', 'print JSON')
    .action((name: string, flags: JsonFlag & { end?: boolean }) =>
      explained(name, async () => {
        const bytes = await writeRing(name, flags.end === true);
        if (flags.json === true) createOutput(true).result({ name, bytes }, '');
      }),
    );
  ring
    .command('read')
    .description('Writes what comes through the ring to standard output, until it ends.')
    .argument('<NAME>', 'of the ring')
    .option('--json', 'print a line of JSON for each record, its data in base64')
    .action((name: string, flags: JsonFlag) =>
      explained(name, () => readRing(name, flags.json === true)),
    );
  addState(ring);
}

function addCreate(ring: Command): void {
  ring
    .command('create')
    .description('Makes a ring. Its memory is taken at once, and kept until it is removed.')
    .argument('<NAME>', 'up to 200 letters, digits and any of . + - _')
    .option('--size <SIZE>', 'rounded up to a power of two, at most 1G', '1M')
    .option('--many', 'for many writers at once; without, for one')
    .option('--json', 'print JSON')
    .action((name: string, flags: JsonFlag & { size: string; many?: boolean }) =>
      explained(name, async () => {
        const Ring = flags.many === true ? MpscRing : SpscRing;
        Ring.create(parseSize(flags.size), { name }).close();
        show(flags, ringStatus(name), `${name}: created\n`);
      }),
    );
}

function addState(ring: Command): void {
  ring
    .command('ls')
    .description('Shows the rings of this user.')
    .option('--json', 'print JSON')
    .action((flags: JsonFlag) => {
      const rings = listRings().map(ringStatus);
      show(flags, { rings }, rings.length === 0 ? 'No rings.\n' : toTable(rings));
    });
  ring
    .command('stat')
    .description('Shows one ring: how full it is, and who is there.')
    .argument('<NAME>', 'of the ring')
    .option('--json', 'print JSON')
    .action((name: string, flags: JsonFlag) =>
      explained(name, async () => {
        const status = ringStatus(name);
        show(flags, status, toTable([status]));
      }),
    );
  ring
    .command('rm')
    .description('Removes the ring; who has it open may go on.')
    .argument('<NAME>', 'of the ring')
    .option('--json', 'print JSON')
    .action((name: string, flags: JsonFlag) =>
      explained(name, async () => {
        removeRing(name);
        show(flags, { name }, `${name}: removed\n`);
      }),
    );
}

function show(flags: JsonFlag, value: unknown, text: string): void {
  createOutput(flags.json === true).result(value, text);
}

async function explained(name: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw explainRingError(error, name);
  }
}

function toTable(rings: readonly RingStatus[]): string {
  const columns = [
    { title: 'NAME' },
    { title: 'SIZE', align: 'right' as const },
    { title: 'USED', align: 'right' as const },
    { title: 'WRITER' },
    { title: 'READER' },
    { title: 'STATE' },
  ];
  const rows = rings.map((ring) => [
    ring.name,
    formatBytes(ring.capacityBytes),
    formatBytes(ring.usedBytes),
    ring.kind === 'mpsc' ? `${ring.producers} of many` : ring.producer,
    ring.consumer,
    ring.failed ? 'failed' : ring.ended ? 'ended' : 'open',
  ]);
  return formatTable(columns, rows);
}
