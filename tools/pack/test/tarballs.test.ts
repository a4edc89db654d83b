import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runCommand, temporaryDirectory } from '@ram/test-support';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, it } from 'vitest';
import { consumerManifest, listPublished, pack } from '../tarballs.mjs';
import type { Tarball } from '../tarballs.mjs';

const require = createRequire(import.meta.url);
const binary = (name: string, path: string): string =>
  join(dirname(require.resolve(`${name}/package.json`)), path);
const typescript = binary('typescript', 'bin/tsc');
const attw = binary('@arethetypeswrong/cli', 'dist/index.js');
const nodeTypes = dirname(dirname(require.resolve('@types/node/package.json')));

const packDirectory = temporaryDirectory('ram-pack-');
const project = join(packDirectory, 'an empty project');
const published = listPublished().map(({ directory, manifest }) => ({ directory, ...manifest }));
const libraries = published.filter(({ exports }) => exports?.['.'] !== undefined);
const commands = published.flatMap(({ bin }) => Object.keys(bin ?? {}));
const tarballs = new Map<string, Tarball>();

beforeAll(async () => {
  for (const { name, directory } of published) tarballs.set(name, pack(directory, packDirectory));
  mkdirSync(project);
  const manifest = JSON.stringify(consumerManifest([...tarballs.values()]), null, 2);
  writeFileSync(join(project, 'package.json'), manifest);
  const flags = ['--offline', '--ignore-scripts', '--install-links', '--no-audit', '--no-fund'];
  const installed = await run('npm', ['install', ...flags]);
  expect(installed).toMatchObject({ code: 0 });
}, 300_000);

describe.each(published)('the tarball of $name', ({ name }) => {
  it('has what it needs and nothing else', () => {
    const { paths, manifest } = contentOf(name);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(paths.filter((path) => /\.test\.|^native\/test|^build\/|^reports\//.test(path))).toEqual(
      [],
    );
    if (manifest.gypfile === undefined) return;
    expect(paths.filter((path) => /^prebuilds\/linux-[^/]+\/.*\.node$/.test(path))).toHaveLength(1);
    expect(paths).not.toContain('binding.gyp');
    expect(manifest.gypfile).toBe(false);
  });

  it('satisfies publint', async () => {
    const pkgDir = join(project, 'node_modules', name);
    const { messages, pkg } = await publint({
      pkgDir,
      pack: false,
      level: 'warning',
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
});

describe.each(libraries)('$name from its tarball', ({ name, directory }) => {
  it('is loaded by import and by require, with the same names', async () => {
    const program = `
      const imported = Object.keys(await import('${name}')).toSorted();
      const { createRequire } = await import('node:module');
      const required = createRequire(process.cwd() + '/x.js')('${name}');
      const names = Object.keys(required).filter((key) => key !== '__esModule').toSorted();
      console.log(JSON.stringify({ imported, names }));`;
    const { stdout, stderr, code } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      program,
    ]);
    expect({ code, stderr: withoutWarnings(stderr) }).toEqual({ code: 0, stderr: '' });
    const { imported, names } = JSON.parse(stdout);
    expect(imported.length).toBeGreaterThan(0);
    expect(names).toEqual(imported);
  });

  it('has types that hold without skipLibCheck, for programs of others', async () => {
    const file = `check${name.replaceAll(/\W/g, '-')}.ts`;
    const consumer = join(directory, 'test', 'programs', 'consumer.ts');
    const plain = `import * as all from '${name}';\nexport { all };\n`;
    writeFileSync(join(project, file), existsSync(consumer) ? readFileSync(consumer) : plain);
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
    const libraries = [
      '--lib',
      'es2023,esnext.disposable',
      '--types',
      'node',
      '--typeRoots',
      nodeTypes,
    ];
    const result = await run(process.execPath, [typescript, ...flags, ...libraries, file]);
    expect(result).toMatchObject({ code: 0, stdout: '' });
  });

  it('has types that resolve in every way an ES module is loaded', async () => {
    const { file } = contentOf(name);
    const result = await run(process.execPath, [attw, file, '--profile', 'esm-only']);
    expect(result).toMatchObject({ code: 0 });
  });
});

it.each(commands)('the command %s starts from its tarball', async (command) => {
  const result = await run(join(project, 'node_modules', '.bin', command), ['--version']);
  expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});

it('the page of a disk has its files', async () => {
  const program = `
    const { loadViewerAssets } = await import('@ram/viewer');
    console.log(loadViewerAssets().every(({ body }) => body.length > 0));`;
  const result = await run(process.execPath, ['--input-type=module', '-e', program]);
  expect(result).toMatchObject({ code: 0, stdout: 'true\n' });
});

function contentOf(name: string): Tarball {
  const tarball = tarballs.get(name);
  if (tarball === undefined) throw new Error(`${name} was not packed`);
  return tarball;
}

function run(command: string, args: string[]): ReturnType<typeof runCommand> {
  return runCommand(command, args, { cwd: project });
}

/** Node 20 and 22 warn that require() of an ES module is experimental. */
function withoutWarnings(stderr: string): string {
  return stderr.replaceAll(/^\(.*(?:ExperimentalWarning|Use `node --trace-warnings).*\n/gm, '');
}
