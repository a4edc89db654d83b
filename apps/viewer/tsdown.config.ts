import { defineConfig } from 'tsdown';
import shared from '../../tsdown.shared.ts';

/** The page itself: one script without imports, and what lies beside it. */
const web = defineConfig({
  entry: { page: 'src/web/page.ts' },
  outDir: 'dist/web',
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  fixedExtension: false,
  dts: false,
  sourcemap: false,
  minify: true,
  clean: true,
  tsconfig: 'src/web/tsconfig.json',
  copy: ['src/web/index.html', 'src/web/page.css', 'src/web/icon.svg'].map((from) => ({
    from,
    to: 'dist/web',
  })),
});

export default [{ ...shared, clean: ['dist/*.*'] }, web];
