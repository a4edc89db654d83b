import { it } from 'vitest';
import { killConsumers, killOneOfTwo, killProducers } from './kill-rounds.ts';

it('producers that are killed 300 times leave whole records', () => killProducers(300));
it('a producer that is killed does not stop the others, 200 times', () => killOneOfTwo(200));
it('consumers that are killed 300 times are noticed', () => killConsumers(300));
