/** What a person is told of a one-time address of a disk's page, a line for each sentence. */
export function pageLines(address: string, name: string): string {
  return `Its page: ${address}\nThis address works once, in one browser; for another: ram page ${name}\n`;
}
