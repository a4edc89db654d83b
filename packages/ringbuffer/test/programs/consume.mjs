// Reads the records of produce.mjs until the end, or until it is killed. Arguments: token, mode.
import { SpscRing } from '@ram/ringbuffer';

const [token = '', mode = 'wait'] = process.argv.slice(2);
const ring = SpscRing.fromToken(token);
const consumer = ring.consumer();
process.send?.('reading');
let count = 0;
while (mode === 'spin' ? !consumer.ended : await consumer.waitAsync()) {
  count += consumer.drain(() => {}, 5);
}
process.send?.(count, () => process.disconnect());
ring.close();
