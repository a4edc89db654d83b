// The command behind bin/fs-contract.js.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judge, summarizeLacks } from './judge.ts';
import type { Verdict } from './judge.ts';
import { runSurface } from './run-surface.ts';
import { directorySurface, surfaces } from './surfaces.ts';

const usage = `usage: fs-contract.js [--surface NAME]… [--only TEXT] [--list] [DIR]
surfaces: ${Object.keys(surfaces).join(' · ')}
With DIR: that directory, by system calls, as the user who runs this.`;

const { values, positionals } = parseArgs({
  options: {
    surface: { type: 'string', multiple: true },
    only: { type: 'string' },
    list: { type: 'boolean' },
  },
  allowPositionals: true,
});

const [directory] = positionals;
const chosen = values.surface ?? (directory === undefined ? Object.keys(surfaces) : []);
const names = Object.keys(surfaces).filter((name) => chosen.some((part) => name.startsWith(part)));
if (directory !== undefined) names.push('directory');
if (names.length === 0) {
  console.error(usage);
  process.exitCode = 2;
}

for (const name of names) {
  const definition = surfaces[name] ?? directorySurface(resolve(directory ?? ''));
  const options = { only: values.only, directory: resolve(directory ?? '') };
  const started = performance.now();
  const outcomes = await runSurface(name, options);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  report(name, judge(outcomes, definition, values.only === undefined), seconds);
}

function report(name: string, verdicts: readonly Verdict[], seconds: string): void {
  const of = (wanted: Verdict['verdict']) => verdicts.filter(({ verdict }) => verdict === wanted);
  const [passed, failed, limited] = [of('passed'), of('failed'), of('limited')];
  if (values.list === true) for (const { id } of passed) console.log(`  ✓ ${id}`);
  for (const { id, detail } of limited) console.log(`  – ${id}\n      limit: ${detail}`);
  for (const { id, detail } of failed) console.log(`  ✗ ${id}\n      ${detail}`);
  const lacks = summarizeLacks(verdicts);
  console.log(
    `${name}: ${passed.length} passed, ${failed.length} failed, ${limited.length} limits, ` +
      `${of('lacks').length} not asked${lacks && ` (it has no: ${lacks})`}, ${seconds} s`,
  );
  if (failed.length > 0) process.exitCode = 1;
}
