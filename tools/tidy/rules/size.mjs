// Files, functions and lines that are too long to read.
import ts from 'typescript';
import { isCpp, isScript, lineRule } from '../source-file.mjs';

/** @typedef {import('../source-file.mjs').SourceFile} SourceFile */
/** @typedef {import('../source-file.mjs').Finding} Finding */

const scriptLinesMax = 500;
const cppLinesMax = 600;
const functionLinesMax = 100;
const columnsMax = 100;

/** @type {import('../source-file.mjs').Rule} */
export const fileLength = (files) =>
  files.flatMap((file) => {
    const max = isScript(file) ? scriptLinesMax : isCpp(file) ? cppLinesMax : Infinity;
    const lines = file.text.split('\n').length - 1;
    if (lines <= max) return [];
    return [{ path: file.path, message: `${lines} lines; split it (at most ${max})` }];
  });

export const lineLength = lineRule(
  (file) => isScript(file) || isCpp(file) || /\.(?:mk|gyp)$/.test(file.path),
  (line) => {
    const columns = [...line].length;
    const unbreakable = /^\s*(?:\/\/|\*|#)?\s*\S*$/.test(line) || /https?:\/\/\S{60}/.test(line);
    return columns > columnsMax && !unbreakable ? `${columns} columns` : undefined;
  },
);

/**
 * Long `describe` bodies are lists of tests, not functions.
 * @type {import('../source-file.mjs').Rule}
 */
export const functionLength = (files) =>
  files.flatMap((file) => {
    if (isScript(file)) return longScriptFunctions(file);
    return isCpp(file) ? longCppFunctions(file) : [];
  });

/** @param {SourceFile} file @returns {Finding[]} */
function longScriptFunctions(file) {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  /** @type {Finding[]} */
  const findings = [];
  /** @param {import('typescript').Node} node */
  const visit = (node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body && !isDescribe(node.parent)) {
      const start = source.getLineAndCharacterOfPosition(node.getStart()).line;
      const end = source.getLineAndCharacterOfPosition(node.end).line;
      findings.push(...tooLong(file.path, start + 1, end - start + 1));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

/** @param {import('typescript').Node} node */
function isDescribe(node) {
  return ts.isCallExpression(node) && /\bdescribe\b/.test(node.expression.getText());
}

/**
 * C++ without a parser: a body opens on a line that ends with `) … {` and closes on the first `}`
 * at the same indent, which holds for code in the house's layout.
 * @param {SourceFile} file
 * @returns {Finding[]}
 */
function longCppFunctions({ path, text }) {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const indent = /^(\s{0,2})[^\s{}].*\)[\w\s:&<>,>-]*\{$/.exec(line)?.[1];
    if (indent === undefined || /^\s*(?:if|for|while|switch|else|namespace)\b/.test(line))
      return [];
    const length = lines.slice(index).findIndex((other) => other.startsWith(`${indent}}`)) + 1;
    return tooLong(path, index + 1, length);
  });
}

/** @param {string} path @param {number} line @param {number} length @returns {Finding[]} */
function tooLong(path, line, length) {
  if (length <= functionLinesMax) return [];
  return [{ path, line, message: `a function of ${length} lines (at most ${functionLinesMax})` }];
}
