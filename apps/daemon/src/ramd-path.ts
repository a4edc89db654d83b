import { fileURLToPath } from 'node:url';

/** The program `ramd`, for `process.execPath`. */
export const ramdPath: string = fileURLToPath(new URL('../bin/ramd.js', import.meta.url));
