// The loader hook behind typescript-hooks-register.mjs: .ts files lose their types on the way in.
// A test starts many children: the compiler of TypeScript takes a second to do this, Oxc 0.1 s.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'oxc-transform';

/** @type {import('node:module').ResolveHook} */
export function resolve(specifier, context, nextResolve) {
  // What stands for `await using` on Node 20: a dependency of this package, not of the .ts file.
  const isHelper = specifier.startsWith('@oxc-project/runtime/');
  return nextResolve(specifier, isHelper ? { ...context, parentURL: import.meta.url } : context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const fileName = fileURLToPath(url);
  const { code, errors } = transformSync(fileName, await readFile(fileName, 'utf8'), {
    target: 'es2023',
    typescript: { onlyRemoveTypeImports: true },
  });
  if (errors[0]) throw new SyntaxError(`${fileName}: ${errors[0].message}`);
  return { format: 'module', shortCircuit: true, source: code };
}
