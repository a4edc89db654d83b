import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSandbox, fuse, ramProgram } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

/** Runs a command on a terminal of its own, answers its first question, prints all it wrote. */
const onTerminal = `
import os, pty, sys
answer = sys.argv[1].encode().decode('unicode_escape').encode()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
text, answered = b'', False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    text += piece
    if b'[y/N]' in text and not answered:
        answered = True
        os.write(terminal, answer)
sys.stdout.buffer.write(text)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

fuse.describe('ram umount on a terminal', () => {
  let sandbox: Sandbox;
  let directory: string;
  beforeAll(async () => {
    sandbox = await createSandbox('self');
    directory = join(sandbox.directory, 'disk');
    await sandbox.shell('mkdir disk');
  });
  beforeEach(async () => {
    await sandbox.ram('mount', directory, '--size', '64M');
    await sandbox.shell('echo 1 > disk/a; echo 2 > disk/b; mkdir disk/c');
  });
  afterEach(() => sandbox.clear());
  afterAll(() => sandbox.dispose());

  const answering = (answer: string, ...args: string[]) =>
    sandbox.run('python3', ['-c', onTerminal, answer, process.execPath, ramProgram, ...args]);

  const isMounted = async (): Promise<boolean> =>
    (await sandbox.run('cat', ['/proc/self/mountinfo'])).stdout.includes(` ${directory} `);

  const question = /disk holds 3 files, \d+ KiB; they are lost\. Unmount\? \[y\/N\]/;

  it.each(['y\\n', 'YES\\n'])('unmounts after %s', async (answer) => {
    const result = await answering(answer, 'umount', 'disk');
    expect(result.stdout).toMatch(question);
    expect(result.code).toBe(0);
    expect(await isMounted()).toBe(false);
  });

  it.each(['n\\n', '\\n', 'yea\\n', '\\x04', '\\x03'])('does nothing after %s', async (answer) => {
    const result = await answering(answer, 'umount', directory);
    expect(result.stdout).toMatch(question);
    expect(result.stdout).toMatch(/not confirmed; it stays mounted/);
    expect(result.code).toBe(6);
    expect(await isMounted()).toBe(true);
  });

  it('does not ask with --yes, nor for an empty disk', async () => {
    const result = await answering('n\\n', 'umount', 'disk', '--yes');
    expect(result).toMatchObject({ code: 0, stdout: expect.not.stringContaining('[y/N]') });
    await sandbox.ram('mount', directory, '--size', '64M');
    const empty = await answering('n\\n', 'umount', 'disk');
    expect(empty).toMatchObject({ code: 0, stdout: expect.not.stringContaining('[y/N]') });
  });

  it('wants --yes where there is no terminal, and with --json', async () => {
    const result = await sandbox.ram('umount', 'disk');
    expect(result).toMatchObject({ code: 6, stdout: '' });
    expect(result.stderr).toMatch(/^ram: disk holds 3 files, .*Unmount it .* with --yes\n$/);
    expect((await answering('y\\n', 'umount', 'disk', '--json')).code).toBe(6);
    expect(await isMounted()).toBe(true);
  });

  it('is coloured on a terminal only', async () => {
    const env = { NO_COLOR: '', FORCE_COLOR: '', TERM: 'xterm' };
    const args = ['-c', onTerminal, '', process.execPath, ramProgram, 'doctor'];
    const terminal = await sandbox.run('python3', args, { env });
    // eslint-disable-next-line no-control-regex
    const colour = /\u001b\[/;
    expect(terminal.stdout).toMatch(colour);
    const plain = await sandbox.run(process.execPath, [ramProgram, 'doctor'], { env });
    expect(plain.stdout).not.toMatch(colour);
  });
});
