// All rules over a set of files.
import { layers } from './rules/layers.mjs';
import { manifests } from './rules/manifests.mjs';
import { buildOutput, fileNameStyle, vagueName } from './rules/names.mjs';
import { readmes } from './rules/readmes.mjs';
import { fileLength, functionLength, lineLength } from './rules/size.mjs';
import { bannedText, commentedOutCode } from './rules/text.mjs';

/** @type {Record<string, import('./source-file.mjs').Rule>} */
const rules = {
  'banned-text': bannedText,
  'build-output': buildOutput,
  'commented-out-code': commentedOutCode,
  'file-length': fileLength,
  'file-name-style': fileNameStyle,
  'function-length': functionLength,
  layers,
  'line-length': lineLength,
  manifests,
  readmes,
  'vague-name': vagueName,
};

/**
 * @param {readonly import('./source-file.mjs').SourceFile[]} files
 * @returns {string[]} One line for each finding, `path:line: message (rule)`, sorted.
 */
export function tidy(files) {
  const lines = Object.entries(rules).flatMap(([name, rule]) =>
    rule(files).map(({ path, line, message }) => {
      const place = line === undefined ? path : `${path}:${line}`;
      return `${place}: ${message} (${name})`;
    }),
  );
  return lines.toSorted();
}
