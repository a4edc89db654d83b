// What a rule gets to see, and what it answers with.

/**
 * @typedef {object} SourceFile
 * @property {string} path From the project's folder, with `/`.
 * @property {string} text Empty for binary files.
 */

/**
 * @typedef {object} Finding
 * @property {string} path
 * @property {number} [line] From 1.
 * @property {string} message What is wrong, and what to do instead.
 */

/** @typedef {(files: readonly SourceFile[]) => Finding[]} Rule */

/** @param {SourceFile} file */
export function isScript({ path }) {
  return /\.(?:ts|tsx|mts|js|mjs)$/.test(path);
}

/** @param {SourceFile} file */
export function isCpp({ path }) {
  return /\.(?:cc|h)$/.test(path);
}

/** @param {SourceFile} file */
export function isTest({ path }) {
  return /\.(?:test|full)\.ts$/.test(path) || /\/(?:test|fixtures)\//.test(path);
}

/**
 * A rule that looks at one line at a time.
 * @param {(file: SourceFile) => boolean} applies
 * @param {(line: string, file: SourceFile) => string | undefined} check Answers with a message.
 * @returns {Rule}
 */
export function lineRule(applies, check) {
  return (files) =>
    files.filter(applies).flatMap((file) =>
      file.text.split('\n').flatMap((line, index) => {
        const message = check(line, file);
        return message === undefined ? [] : [{ path: file.path, line: index + 1, message }];
      }),
    );
}
