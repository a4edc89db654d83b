/** A path as one word of a shell's command, on one line: plain, or quoted where it has to be. */
export function shellWord(path: string): string {
  // One that starts with a hyphen would be an option.
  const word = path.startsWith('-') ? `./${path}` : path;
  if (/^[\w./@:+,%^=-][\w./@:+,%^=~-]*$/.test(word)) return word;
  // eslint-disable-next-line no-control-regex
  const isControl = /[\u0000-\u001f\u007f]/;
  if (!isControl.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  // eslint-disable-next-line no-control-regex
  return `$'${word.replaceAll(/['\\\u0000-\u001f\u007f]/g, escapeCharacter)}'`;
}

function escapeCharacter(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
