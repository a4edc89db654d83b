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

/** The seed of a round: RAM_RANDOM_SEED, or another one each time. */
export function seedOf(round: number): number {
  return Number(process.env['RAM_RANDOM_SEED'] ?? (Date.now() + round * 7919) % 2 ** 31);
}

/** How many rounds each random test runs. */
export const rounds = Number(process.env['RAM_RANDOM_ROUNDS'] ?? 4);
