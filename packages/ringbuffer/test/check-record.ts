/** Throws when a record isn't whole; else who wrote it. */
export function checkRecord(
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
  length: number,
  type: number,
): number {
  const words = new Int32Array(bytes.buffer, offset, length >> 2);
  for (let i = 1; i < words.length; i++) {
    if (words[i] !== type) throw new Error(`word ${i} of record ${type} is ${words[i]}`);
  }
  if (words.length < 2) throw new Error(`record ${type} has ${length} bytes`);
  return words[0] as number;
}
