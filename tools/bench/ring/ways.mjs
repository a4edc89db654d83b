// What both sides of pairs.mjs agree on.

/** Records of a batch. */
export const packedRecords = 256;

/** A side that only spins takes, on a busy machine, the CPU that its peer needs. */
export const patience = { spinMs: 0.05 };
