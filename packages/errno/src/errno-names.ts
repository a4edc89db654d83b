import { errnoAliases, errnoTable } from './errno-table.ts';

const byNumber = new Map(errnoTable.map((row) => [row[0], row]));
const byName = new Map(errnoTable.map(([errno, code]) => [code, errno]));
for (const [alias, code] of Object.entries(errnoAliases)) {
  const errno = byName.get(code);
  if (errno !== undefined) byName.set(alias, errno);
}

/**
 * The name of a Linux error number, of either sign: `errnoName(2)` and `errnoName(-2)` are
 * `'ENOENT'`. `'UNKNOWN'`, as libuv says, for a number that Linux does not have.
 */
export function errnoName(errno: number): string {
  return byNumber.get(Math.abs(errno))?.[1] ?? 'UNKNOWN';
}

/** The text that Node writes after the name: `errnoText(2)` is `'no such file or directory'`. */
export function errnoText(errno: number): string {
  return byNumber.get(Math.abs(errno))?.[2] ?? 'unknown error';
}

/**
 * The number of a name, positive: `errnoNumber('ENOENT')` is 2. Aliases are known
 * (`EWOULDBLOCK`, `EOPNOTSUPP`, `EDEADLOCK`).
 *
 * @returns `undefined` for a name that Linux does not have, such as `'ERR_RAM_CLOSED'`.
 */
export function errnoNumber(code: string): number | undefined {
  return byName.get(code);
}
