import { fileURLToPath } from 'node:url';

/** bin/ram.js, as seen from src/ and from dist/ alike. */
export const ramPath = fileURLToPath(new URL('../bin/ram.js', import.meta.url));
