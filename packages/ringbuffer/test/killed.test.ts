import { it } from 'vitest';
import { killConsumers, killOneOfTwo, killProducers } from './kill-rounds.ts';

it('producers that are killed leave whole records, and are noticed', () => killProducers(12));
it('a producer that is killed does not stop the others', () => killOneOfTwo(6));
it('consumers that are killed are noticed, and replaced', () => killConsumers(12));
