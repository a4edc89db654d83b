// Contents that several tables write.

/** Content whose every page differs. */
export const pattern = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, n) => (n >> 4) % 251));

/** What a file is made of may change with its size: inline, pages, a file of its own. */
export const sizes: readonly number[] = [1, 2016, 2017, 4095, 4096, 4097, 65_536, 65_537, 300_000];
