import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCommand, runNode, temporaryDirectory } from '../src/index.ts';

const directory = temporaryDirectory();

describe('runCommand', () => {
  it('answers with the exit code and the output', async () => {
    const result = await runCommand('sh', ['-c', 'cat; echo sorry >&2; exit 3'], {
      input: 'hello',
    });
    expect(result).toEqual({
      code: 3,
      signal: null,
      stdout: 'hello',
      stderr: 'sorry\n',
      timedOut: false,
    });
  });

  it('kills the whole process group at the time limit', async () => {
    const started = join(directory, 'started');
    const script = `sleep 1000 & echo $! > ${started}; wait`;
    const result = await runCommand('sh', ['-c', script], { timeoutMs: 500 });
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true });
    expect(result.stderr).toBe('killed after 500 ms\n');
    expect(existsSync(started)).toBe(true);
    const { stdout } = await runCommand('sh', ['-c', `ps -o stat= -p $(cat ${started})`]);
    // A zombie waits for its parent only.
    expect(stdout.trim().replace(/^Z.*/, '')).toBe('');
  });

  it('rejects when there is no such program', async () => {
    await expect(runCommand('/nowhere/at/all', [])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('runNode', () => {
  it('runs TypeScript, which imports TypeScript', async () => {
    const parts = 'export const greet = (name: string): string => `hello ${name}`;';
    const main =
      "import { greet } from './greet.ts'; console.log(greet(process.argv[2] as string));";
    writeFileSync(join(directory, 'greet.ts'), parts);
    writeFileSync(join(directory, 'main.ts'), main);
    const program = new URL(`file://${join(directory, 'main.ts')}`);
    expect(await runNode(program, ['you'])).toMatchObject({ code: 0, stdout: 'hello you\n' });
  });

  it('gives the text of a program the sources of @ram packages', async () => {
    const cwd = fileURLToPath(new URL('../../../packages/errno', import.meta.url));
    const program = `
      import { errnoName } from '@ram/errno';
      console.log(errnoName(2), import.meta.resolve('@ram/errno').endsWith('src/index.ts'));`;
    expect(await runNode(program, [], { cwd })).toMatchObject({ code: 0, stdout: 'ENOENT true\n' });
  });
});
