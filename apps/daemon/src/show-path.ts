/** A path as a shell would take it, on one line: plain, or quoted where it has to be. */
export function showPath(path: string): string {
  // A tilde in front would be a home.
  if (/^[\w./@:+,%^=-][\w./@:+,%~^=-]*$/.test(path)) return path;
  if (/[\u0000-\u001f\u007f]/.test(path)) {
    const escaped = path.replaceAll(/['\\\u0000-\u001f\u007f]/g, escapeCharacter);
    return `$'${escaped}'`;
  }
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function escapeCharacter(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
