import { randomSeeds } from '@ram/test-support';

/** Repeatable random numbers. @see https://en.wikipedia.org/wiki/Xorshift */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed || 1;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

/** One for each round of a random test. */
export const seeds = randomSeeds(Number(process.env['RAM_RANDOM_ROUNDS'] ?? 4));
