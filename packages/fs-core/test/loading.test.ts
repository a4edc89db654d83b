import { runNode } from '@ram/test-support';
import { expect, it } from 'vitest';

const packageFolder = new URL('..', import.meta.url).pathname;

it('imports on another system, and says so at the first use', async () => {
  const program = `
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const { Volume, isSupported, parseSize } = await import('@ram/fs-core');
    const codes = [isSupported(), parseSize('1M')];
    try { new Volume(); } catch (error) { codes.push(error.code, error.message); }
    try { Volume.fromToken('x'); } catch (error) { codes.push(error.code); }
    console.log(JSON.stringify(codes));`;
  const { stdout, stderr } = await runNode(program, [], { cwd: packageFolder });
  expect(stderr).toBe('');
  const code = 'ERR_RAM_UNSUPPORTED_PLATFORM';
  const message = expect.stringMatching(/^@ram\/fs-core needs Linux; this is darwin /) as string;
  expect(JSON.parse(stdout)).toEqual([false, 2 ** 20, code, message, code]);
});
