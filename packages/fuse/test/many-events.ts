// What the test of many events and its full-sized brother have in common.
import { expect } from 'vitest';
import { Server, makeFolder, programPath, run } from './support.ts';

const clients = 4;

export interface ManyEvents {
  fast: { events: number; lost: number; wrong: string[] };
  unfinished: number;
  slow: { events: number; lost: number };
  thrower: { events: number; errors: number; lost: number };
  half: number;
}

/** Lets several programs at once work on `files` files of a mount. */
export async function expectManyEvents(files: number, timeoutMs: number): Promise<void> {
  const folder = makeFolder();
  const server = await Server.startProgram('many-events.ts', [folder, String(files)]);
  const each = String(files / clients);
  const work = Array.from({ length: clients }, (_, client) =>
    run('python3', [programPath('files.py'), folder, `client${client}`, each], { timeoutMs }),
  );
  expect(await Promise.all(work)).toEqual(Array.from({ length: clients }, () => 'ok\n'));
  const report = (await server.stop()) as unknown as ManyEvents;
  const all = files * 6;
  expect(report.fast).toEqual({ events: all, lost: 0, wrong: [] });
  expect(report.unfinished).toBe(0);
  expect(report.slow.lost).toBeGreaterThan(0);
  expect(report.slow.events + report.slow.lost).toBe(all);
  expect(report.thrower.events + report.thrower.lost).toBe(all);
  expect(report.thrower.errors).toBe(report.thrower.events);
  expect(report.half).toBe(all / 2);
}
