import { defineConfig } from 'tsdown';

/** How every package and app is built: src/index.ts to dist/ as ESM with types. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  dts: true,
  sourcemap: true,
  clean: true,
});
