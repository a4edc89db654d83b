import { describe, expect, it } from 'vitest';
import { tidy } from '../check.mjs';

/** What the rules say about one file; its package has what else a package must have. */
function check(path: string, text: string): string[] {
  return tidy([{ path, text }]).map((line) => line.replace(`${path}`, ''));
}

const lines = (count: number, line = ''): string => `${line}\n`.repeat(count);

describe('sizes', () => {
  it('limits files', () => {
    expect(check('packages/a/src/a.ts', lines(500))).toEqual([]);
    expect(check('packages/a/src/a.ts', lines(501))).toEqual([
      ': 501 lines; split it (at most 500) (file-length)',
    ]);
    expect(check('packages/a/native/core/a.cc', lines(600))).toEqual([]);
    expect(check('packages/a/native/core/a.cc', lines(601))).toHaveLength(1);
    expect(check('packages/a/table.json', lines(5000))).toEqual([]);
  });

  it('limits lines, but not an address that cannot be broken', () => {
    const long = 'x'.repeat(80);
    expect(check('a.ts', `const a = '${long} ${long}';`)).toEqual([
      ':1: 174 columns (line-length)',
    ]);
    expect(check('a.ts', `// https://example.org/${long}${long}`)).toEqual([]);
    expect(check('a.ts', `const euro = '${'€'.repeat(80)}';`)).toEqual([]);
  });

  it('limits functions of TypeScript, but not lists of tests', () => {
    const body = lines(100, '  work();');
    expect(check('a.ts', `function f() {\n${body}}\n`)).toEqual([
      ':1: a function of 102 lines (at most 100) (function-length)',
    ]);
    expect(check('a.ts', `const f = () => {\n${lines(98, '  work();')}};\n`)).toEqual([]);
    expect(check('a.test.ts', `describe('f', () => {\n${body}});\n`)).toEqual([]);
    expect(check('a.test.ts', `it('f', () => {\n${body}});\n`)).toHaveLength(1);
  });

  it('limits functions of C++', () => {
    const body = (indent: string): string => lines(100, `${indent}work();`);
    expect(check('a.cc', `int f(int a) {\n${body('  ')}}\n`)).toHaveLength(1);
    expect(check('a.cc', `int A::f(int a) const noexcept {\n${body('  ')}}\n`)).toHaveLength(1);
    expect(check('a.h', `class A {\n  int f() {\n${body('    ')}  }\n};\n`)).toHaveLength(1);
    expect(check('a.cc', `namespace ram {\n${lines(150, 'int f();')}}\n`)).toEqual([]);
    expect(check('a.cc', `int f() {\n  work();\n}\n${lines(150, 'int f();')}`)).toEqual([]);
  });
});

describe('names', () => {
  it.each(['src/utils.ts', 'src/common/a.ts', 'native/core/helpers.h'])('refuses %s', (path) => {
    expect(check(`packages/a/${path}`, '')).toHaveLength(1);
  });

  it.each(['src/fileName.ts', 'native/core/file-name.cc', 'src/part/index.ts'])(
    'refuses %s',
    (path) => {
      expect(check(`packages/a/${path}`, '')).toEqual([expect.stringContaining('file-name-style')]);
    },
  );

  it('accepts the house style', () => {
    for (const path of ['src/index.ts', 'src/file-name.test.ts', 'native/core/file_name.cc']) {
      expect(check(`packages/a/${path}`, '')).toEqual([]);
    }
    expect(check('.pnpmfile.mjs', '')).toEqual([]);
  });

  it.each(['packages/a/dist/index.js', 'packages/a/build/a.o', 'a.tgz'])(
    'refuses to track %s',
    (path) => {
      expect(check(path, '')).toEqual([expect.stringContaining('build-output')]);
    },
  );
});

describe('banned text', () => {
  const test = 'packages/a/src/a.test.ts';
  const core = 'packages/a/native/core/a.cc';
  it.each([
    ['packages/a/src/a.ts', '// TODO: finish'],
    ['packages/a/src/a.ts', "export * from './b.ts';"],
    ['packages/a/src/a.ts', '// keep in sync with b.ts'],
    ['packages/a/src/a.ts', '// @ts-ignore'],
    [test, "it.only('works', () => {});"],
    [test, "describe.skip('works', () => {});"],
    [test, "it.skipIf(process.getuid() !== 0)('works', () => {});"],
    [test, "it.todo('works');"],
    [test, "vi.mock('node:fs');"],
    [test, 'await delay(50);'],
    [test, 'await new Promise((done) => setTimeout(done, 100));'],
    ['packages/a/native/test/a.cc', 'std::this_thread::sleep_for(10ms);'],
    ['packages/a/native/test/a.cc', 'TEST_CASE("a" * doctest::skip()) {'],
    [core, '#include <napi.h>'],
    [core, 'throw std::runtime_error("no");'],
  ])('refuses in %s: %s', (path, line) => {
    expect(check(path, line)).toEqual([expect.stringContaining('(banned-text)')]);
  });

  it.each([
    ['packages/a/src/a.ts', "export { b } from './b.ts';"],
    ['packages/a/src/a.ts', 'await delay(50);'],
    [test, 'await delay(pollIntervalMs);'],
    [test, 'await delay(20); // longer than a tick of the clock'],
    ['packages/a/native/test/a.cc', '::usleep(random()); // the moment is the random part'],
    [core, '// throws nothing'],
    [core, '} catch (const std::bad_alloc&) {'],
    ['packages/a/native/addon/a.cc', 'throw Napi::Error::New(env, "no");'],
    ['README.md', 'TODO'],
  ])('accepts in %s: %s', (path, line) => {
    expect(check(path, line)).toEqual([]);
  });

  it.each([
    '// const a = 5;',
    '  // return a;',
    '// if (a) {',
    '// volume.close();',
    '// }',
    '// uint64_t size = blob.size();',
  ])('finds commented-out code: %s', (line) => {
    expect(check('a.ts', line)).toEqual([expect.stringContaining('(commented-out-code)')]);
  });

  it.each([
    '// if the file is gone, so is its blob;',
    '// Return what is left.',
    '// for a directory: one entry',
    '// close() is safe to call twice',
    '// import works everywhere',
  ])('accepts prose: %s', (line) => {
    expect(check('a.ts', line)).toEqual([]);
  });
});

describe('layers', () => {
  const from = (path: string, specifier: string): string[] =>
    check(path, `import { a } from '${specifier}';`);

  it.each([
    ['packages/errno/src/a.ts', '@ram/fs-core'],
    ['packages/fs-core/src/a.ts', '@ram/fuse'],
    ['packages/fuse/src/a.ts', '@ram/cli'],
    ['packages/fuse/src/a.ts', '@ram/fs-core/src/volume.ts'],
    ['packages/fuse/src/a.ts', '@ram/test-support'],
    ['packages/fuse/src/a.ts', '../../fs-core/src/volume.ts'],
    ['apps/cli/src/deep/a.ts', '../../../../packages/fuse/src/index.ts'],
  ])('refuses %s → %s', (path, specifier) => {
    expect(from(path, specifier)).toEqual([expect.stringContaining('(layers)')]);
  });

  it.each([
    ['packages/fs-core/src/a.ts', '@ram/errno'],
    ['packages/fuse/src/a.ts', '@ram/fs-core'],
    ['packages/fuse/src/deep/a.ts', '../mount.ts'],
    ['packages/errno/src/a.test.ts', '@ram/test-support'],
    ['packages/errno/examples/a.ts', '@ram/errno'],
    ['packages/errno/vitest.config.ts', '../../vitest.shared.ts'],
    ['apps/cli/src/a.ts', '@ram/daemon'],
    ['apps/cli/src/a.ts', 'commander'],
  ])('accepts %s → %s', (path, specifier) => {
    expect(from(path, specifier)).toEqual([]);
  });
});

describe('packages', () => {
  const manifest = {
    name: '@ram/errno',
    description: 'Errors',
    license: 'MIT',
    files: ['dist'],
    type: 'module',
    exports: {
      '.': {
        '@ram/source': './src/index.ts',
        types: './dist/index.d.ts',
        default: './dist/index.js',
      },
    },
    engines: { node: '>=20.19' },
  };
  const checkPackage = (changes: object, readme: string | undefined = 'systemError(2)'): string[] =>
    tidy([
      { path: 'packages/errno/package.json', text: JSON.stringify({ ...manifest, ...changes }) },
      {
        path: 'packages/errno/src/index.ts',
        text: "export { systemError } from './a.ts';\nexport type { SystemError } from './a.ts';\n",
      },
      ...(readme === undefined ? [] : [{ path: 'packages/errno/README.md', text: readme }]),
    ]);

  it('accepts one as it should be', () => {
    expect(checkPackage({})).toEqual([]);
  });

  it.each([
    { type: 'commonjs' },
    { license: 'GPL-3.0' },
    { name: '@ram/error' },
    { files: undefined },
    { engines: undefined },
    { exports: { '.': './dist/index.js' } },
    { scripts: { postinstall: 'node build.js' } },
  ])('refuses a package.json with %j', (changes) => {
    expect(checkPackage(changes)).toEqual([expect.stringContaining('(manifests)')]);
  });

  it('wants a README that names every public value', () => {
    expect(checkPackage({}, 'nothing here')).toEqual([
      'packages/errno/README.md: does not mention the export `systemError` (readmes)',
    ]);
  });

  it('wants a README', () => {
    const text = JSON.stringify({ ...manifest, private: true });
    expect(tidy([{ path: 'tools/a/package.json', text }])).toEqual([
      'tools/a: has no README.md that says what it is (readmes)',
    ]);
  });
});
