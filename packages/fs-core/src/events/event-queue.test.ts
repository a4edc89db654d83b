import { expect, it } from 'vitest';
import type { QueuedEvent } from './event-batch.ts';
import { EventQueue } from './event-queue.ts';

function entry(name: string | number, era = 0): QueuedEvent {
  return { event: { type: name } as never, bit: 1, era, copy: 0, lossBefore: false };
}

function queueOf(most: number): EventQueue<QueuedEvent> {
  return new EventQueue((lost) => entry(`lost ${lost}`, Infinity), most);
}

function takeAll(queue: EventQueue<QueuedEvent>): unknown[] {
  const all: unknown[] = [];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) all.push(one.event.type);
  return all;
}

it('gives events in their order', () => {
  const queue = queueOf(10_000);
  for (let i = 0; i < 5000; i += 1) queue.push(entry(i));
  const first = Array.from({ length: 3000 }, () => queue.shift()?.event.type);
  queue.push(entry(5000));
  expect([...first, ...takeAll(queue)]).toEqual(Array.from({ length: 5001 }, (_, i) => i));
  expect(queue.isEmpty).toBe(true);
});

it('loses what comes while it is full, and tells how much, where it was lost', () => {
  const queue = queueOf(4);
  for (let i = 0; i < 9; i += 1) expect(queue.push(entry(i))).toBe(i < 4);
  queue.shift();
  expect(queue.push(entry('still too full'))).toBe(false);
  queue.shift();
  expect(queue.push(entry('after'))).toBe(true);
  expect(takeAll(queue)).toEqual([2, 3, 'lost 6', 'after']);
});

it('tells a loss also when nothing follows', () => {
  const queue = queueOf(1);
  queue.push(entry('a'));
  queue.push(entry('b'));
  queue.countLost(2);
  expect(takeAll(queue)).toEqual(['a', 'lost 3']);
});

it('knows the era of its oldest event', () => {
  const queue = queueOf(2);
  expect(queue.oldestEra).toBe(Infinity);
  queue.push(entry('a', 7));
  queue.push(entry('b', 8));
  expect(queue.oldestEra).toBe(7);
  queue.shift();
  expect(queue.oldestEra).toBe(8);
});
