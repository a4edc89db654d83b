// Writes two records (or one and an aborted one) in each round that the test begins.
import { workerData } from 'node:worker_threads';
import { MpscRing } from '@ram/ringbuffer';

const { id, rounds, round, abortsFirst } = workerData;
const ring = MpscRing.fromToken(process.argv[2] ?? '');
const producer = ring.producer();
for (let number = 0; number < rounds; number++) {
  for (let now = 0; (now = Atomics.load(round, 0)) < number;) Atomics.wait(round, 0, now);
  producer.tryReserve(4);
  if (abortsFirst === id) producer.abort();
  else producer.commit(id);
  producer.tryReserve(40);
  producer.commit(id);
  Atomics.add(round, 1, 1);
  Atomics.notify(round, 1);
}
ring.close();
