// Text that must not be in a source file.
import { isCpp, isScript, isTest, lineRule } from '../source-file.mjs';

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */

/** @typedef {{ pattern: RegExp, message: string, applies?: (file: SourceFile) => boolean }} Ban */

/** @param {SourceFile} file */
const isCode = (file) => isScript(file) || isCpp(file);
/** @param {SourceFile} file */
const isScriptTest = (file) => isScript(file) && isTest(file);
/** @param {SourceFile} file */
const isCppTest = (file) => isCpp(file) && isTest(file);
/** @param {SourceFile} file */
const isNativeCore = (file) => isCpp(file) && file.path.includes('/native/core/');

/** @type {readonly Ban[]} */
const bans = [
  {
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/,
    message: 'finish it, or open an issue and say here what is so',
  },
  { pattern: /\bkeep (?:this |these )?in sync\b/i, message: 'generate it or test it' },
  {
    pattern: /^\s*export \* /,
    message: 'list the exports by name',
    applies: isScript,
  },
  {
    pattern: /\b(?:describe|it|test|suite)(?:\.\w+)*\.only\(/,
    message: 'a focused test hides all others',
    applies: isScript,
  },
  {
    pattern: /\b(?:describe|it|test|suite)(?:\.\w+)*\.(?:skip|todo|skipIf|runIf)\(/,
    message: 'use requirement() of @ram/test-support, which says why',
    applies: (file) => isScript(file) && !file.path.startsWith('tools/test-support/'),
  },
  {
    pattern: /\bvi\.mock\(/,
    message: 'no mocked modules; pass what is needed as an argument',
    applies: isScript,
  },
  { pattern: /@ts-(?:ignore|nocheck)\b/, message: 'use @ts-expect-error with a reason' },
  {
    pattern: /\b(?:delay|sleep|setTimeout)\((?:\w+, )?\d[\d_]*(?:, \w+)?\)(?!.* \/\/ \w)/,
    message: 'a sleep is no synchronisation; wait for what you mean, or say here why a time',
    applies: isScriptTest,
  },
  {
    pattern: /\b(?:sleep_for|usleep|nanosleep|sleep)\((?!.* \/\/ \w)/,
    message: 'a sleep is no synchronisation; wait for what you mean, or say here why a time',
    applies: isCppTest,
  },
  {
    pattern: /\btest_case\b.*\* *doctest::(?:skip|may_fail|should_fail)\b|doctest::skip\b/i,
    message: 'native tests are not skipped silently; see tools/native/README.md',
    applies: isCpp,
  },
  {
    pattern: /#include [<"](?:napi|node_api|uv|v8)\.h[>"]/,
    message: 'native/core is plain C++; native/addon converts',
    applies: isNativeCore,
  },
  {
    pattern: /^(?!\s*(?:\/\/|\*)).*\bthrow\b/,
    message: 'native/core throws nothing: it answers with -errno',
    applies: isNativeCore,
  },
];

/** This folder has to spell out what it forbids. @param {SourceFile} file */
const isOwn = (file) => file.path.startsWith('tools/tidy/') || file.path.includes('/fixtures/');

export const bannedText = lineRule(
  (file) => isCode(file) && !isOwn(file),
  (line, file) =>
    bans.find(({ pattern, applies = isCode }) => applies(file) && pattern.test(line))?.message,
);

/** What follows `//` when it is code: a statement that ends like one. */
const statements = [
  /^(?:const|let|var|import|export|return|throw|await|delete)\b.*[;{]$/,
  /^(?:if|for|while|switch) \(.*[;{]$/,
  /^[\w.]+\(.*\);$/,
  /^[\w.]+ [-+]?= .*;$/,
  /^\}(?: else \{)?$/,
  /^[\w:]+(?:<.*>)? \w+ = .*;$/,
];

export const commentedOutCode = lineRule(
  (file) => isCode(file) && !isOwn(file),
  (line) => {
    const comment = /^\s*\/\/\s*(.*?)\s*$/.exec(line)?.[1];
    const isStatement = comment !== undefined && statements.some((form) => form.test(comment));
    return isStatement ? 'commented-out code; git remembers it' : undefined;
  },
);
