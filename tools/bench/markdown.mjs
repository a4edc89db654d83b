/** @typedef {import('./run-suite.mjs').Row} Row */

/**
 * The results of one run as a table to paste into a README.
 * @param {readonly Row[]} rows
 */
export function toMarkdown(rows) {
  const lines = rows.map((row, index) => {
    const { case: name, contestant, unit, value, ratio, goal } = row;
    const isPeer = rows[index + 1]?.case !== name;
    const isFirst = rows[index - 1]?.case !== name;
    const shown = Number(value.toPrecision(value < 1 ? 2 : 3));
    const times = isPeer ? '1' : `${Number(ratio.toPrecision(ratio < 1 ? 2 : 3))}`;
    const title = isFirst ? `${name} (${unit})` : '';
    return [title, contestant, `${shown}`, times, isFirst ? (goal ?? '') : ''];
  });
  const header = ['case', 'who', 'median', '× the last', 'goal'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const format = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [
    format(header),
    format(widths.map((width) => '-'.repeat(width))),
    ...lines.map(format),
  ].join('\n');
}
