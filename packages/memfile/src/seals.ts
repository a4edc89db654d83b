import { invalidArgument, invalidValue } from '@ram/errno';
import { callError, memfileError } from './errors.ts';
import { native } from './native.ts';

/** What a memfd can be sealed against, for all its descriptors and for ever. @see fcntl(2) */
export type Seal = 'seal' | 'shrink' | 'grow' | 'write' | 'future-write' | 'exec';

const bits: Record<Seal, number> = {
  seal: 0x01,
  shrink: 0x02,
  grow: 0x04,
  write: 0x08,
  'future-write': 0x10,
  exec: 0x20,
};

const names = Object.keys(bits) as Seal[];
const EINVAL = -22;

/**
 * Seals an anonymous memory file. EBUSY for `write` while a writable mapping exists; EPERM when it
 * is sealed against seals, or open for reading only.
 *
 * @throws `ERR_RAM_MEMFILE_SEALS` when the descriptor is of something that has no seals
 */
export function addSeals(file: number | { fd: number }, seals: readonly Seal[]): void {
  const result = native().addSeals(toDescriptor(file), toBits(seals));
  if (result < 0) throw sealError(result);
}

/** @throws `ERR_RAM_MEMFILE_SEALS` */
export function readSeals(file: number | { fd: number }): Seal[] {
  const result = native().readSeals(toDescriptor(file));
  if (result < 0) throw sealError(result);
  return names.filter((name) => (result & bits[name]) !== 0);
}

export function toBits(seals: readonly Seal[]): number {
  if (!Array.isArray(seals)) throw invalidArgument('seals', 'Array', seals);
  let all = 0;
  for (const seal of seals as readonly unknown[]) {
    if (!names.includes(seal as Seal)) {
      throw invalidValue('seals', seal, `must be of '${names.join("', '")}'`);
    }
    all |= bits[seal as Seal];
  }
  return all;
}

export function toDescriptor(file: number | { fd: number }): number {
  const fd = typeof file === 'object' && file !== null ? file.fd : file;
  if (typeof fd !== 'number') throw invalidArgument('file', ['number', 'FileHandle'], file);
  return fd;
}

function sealError(result: number): Error {
  const cause = callError(result, 'fcntl');
  if (result !== EINVAL) return cause;
  const message = 'Only anonymous memory files have seals (and Linux 6.3 the seal "exec")';
  return memfileError('ERR_RAM_MEMFILE_SEALS', message, undefined, cause);
}
