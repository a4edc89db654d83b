// Writes numbered records until it is killed or has written `count`. Arguments: kind, token,
// count, id, mode. The record: id, number, then its number again and again.
import { MpscRing, SpscRing } from '@ram/ringbuffer';

const [kind, token = '', count = '', id = '0', mode = 'write'] = process.argv.slice(2);
const ring = (kind === 'spsc' ? SpscRing : MpscRing).fromToken(token);
const producer = ring.producer();
const words = new Int32Array(producer.bytes.buffer);
let pace = Number(id) + 1;

for (let number = 0; number < Number(count); number++) {
  pace = (Math.imul(pace, 1_103_515_245) + 12_345) & 0x7fffffff;
  const length = 8 + 4 * (pace % 60);
  let offset = producer.tryReserve(length);
  while (offset < 0) {
    if (mode === 'spin') offset = producer.tryReserve(length);
    else {
      await producer.waitForSpace(length);
      offset = producer.tryReserve(length);
    }
  }
  // Some are given back, and leave no trace.
  if (mode === 'abort' && pace % 7 === 0) {
    words[offset >> 2] = -1;
    producer.abort();
    number--;
    continue;
  }
  words[offset >> 2] = Number(id);
  for (let i = 1; i < length >> 2; i++) words[(offset >> 2) + i] = number;
  producer.commit(number);
}
producer.close();
ring.close();
process.disconnect?.();
