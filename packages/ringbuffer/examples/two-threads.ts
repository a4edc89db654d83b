// A worker squares numbers: they go there and back as records of a ring each.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { SpscRing } from '@ram/ringbuffer';
import type { RingToken } from '@ram/ringbuffer';

interface Tokens {
  numbers: RingToken;
  squares: RingToken;
}

async function squaresOf(numbers: readonly number[]): Promise<number[]> {
  using there = SpscRing.create(65_536);
  using back = SpscRing.create(65_536);
  const workerData: Tokens = { numbers: there.token(), squares: back.token() };
  const worker = new Worker(new URL(import.meta.url), { workerData });
  worker.unref();

  const producer = there.producer();
  for (const number of numbers) await producer.writeAsync(Uint8Array.of(number));
  producer.close();

  const squares: number[] = [];
  for await (const { bytes } of back.consumer()) squares.push(bytes.readDoubleLE());
  return squares;
}

/** In the worker: reads and writes in place, and sleeps when there is nothing to read. */
function square(tokens: Tokens): void {
  const consumer = SpscRing.fromToken(tokens.numbers).consumer();
  const producer = SpscRing.fromToken(tokens.squares).producer();
  const result = Buffer.alloc(8);
  while (consumer.wait()) {
    const number = consumer.bytes[consumer.offset] ?? 0;
    consumer.consume();
    result.writeDoubleLE(number ** 2);
    producer.write(result);
  }
  producer.close();
}

if (isMainThread) console.log((await squaresOf(process.argv.slice(2).map(Number))).join());
else square(workerData as Tokens);
