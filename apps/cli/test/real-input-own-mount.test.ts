import { runNode, temporaryDirectory } from '@ram/test-support';
import { expect, it } from 'vitest';
import { fuse } from './sandbox.ts';

fuse.describe('a process that reads from its own disk', () => {
  const directory = temporaryDirectory();

  it('gets its bytes, also while other code blocks the event loop', async () => {
    const script = new URL('./child/own-mount.ts', import.meta.url);
    const result = await runNode(script, [directory]);
    expect(result, result.stderr).toMatchObject({ code: 0, timedOut: false });
    expect(JSON.parse(result.stdout)).toEqual({
      direct: 'from the process',
      back: 'from the kernel',
      sizeWhileBlocked: 100_000,
      other: 'from the process',
      names: ['back', 'hello', 'hello2'],
      size: 15,
    });
  });
});
