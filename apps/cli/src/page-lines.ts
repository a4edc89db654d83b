/** What a person is told of a one-time address, with a line for each sentence. */
export function pageLines(address: string): string {
  return `Its page, for one browser: ${address}\nThe address works once; for another: ram page\n`;
}
