/** What a person is told of a one-time address of a disk's page, a line for each sentence. */
export function pageLines(address: string, name: string): string {
  const how = `This address works once, in one browser; for another: ram page ${name}`;
  return `Its page: ${address}\n${how}\n`;
}
