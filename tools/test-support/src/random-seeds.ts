/**
 * Seeds for the rounds of a random test: the same in each run, so that a change is to blame when
 * one fails. RAM_RANDOM_SEED=N repeats one round; RAM_RANDOM_SEED=new takes seeds never tried.
 */
export function randomSeeds(rounds: number): number[] {
  const given = process.env['RAM_RANDOM_SEED'];
  if (given !== undefined && given !== 'new') return [Number(given)];
  const first = given === 'new' ? Date.now() % 2 ** 31 : 1;
  return Array.from({ length: rounds }, (_, round) => (first + round * 7919) % 2 ** 31);
}
