// The random tests for longer, and the promise of ten thousand Volumes.
import { childNodeArguments, runCommand } from '@ram/test-support';
import { describe, expect, it } from 'vitest';

process.env['RAM_RANDOM_ROUNDS'] ??= '100';
await import('./random.test.ts');
await import('./random-full.test.ts');
await import('./random-views.test.ts');

function fixture(name: string): string {
  return new URL(`fixtures/${name}.ts`, import.meta.url).pathname;
}

describe('volumes', () => {
  it('leave nothing behind, ten thousand of them', async () => {
    const nodeArguments = ['--expose-gc', ...childNodeArguments, fixture('many-volumes'), '10000'];
    const options = { timeoutMs: 600_000 };
    const { stdout, stderr } = await runCommand(process.execPath, nodeArguments, options);
    expect(stderr).toBe('');
    const { before, after } = JSON.parse(stdout) as Record<string, Record<string, number>>;
    expect(after?.['descriptors']).toBeLessThan((before?.['descriptors'] ?? 0) + 20);
    expect(after?.['mappings']).toBeLessThan((before?.['mappings'] ?? 0) + 50);
    expect(after?.['rssBytes']).toBeLessThan((before?.['rssBytes'] ?? 0) + 40e6);
  });

  it('are used by several threads at once, again and again', async () => {
    for (let round = 0; round < 20; round += 1) {
      const nodeArguments = [...childNodeArguments, fixture('workers')];
      const options = { timeoutMs: 120_000 };
      const { stdout } = await runCommand(process.execPath, nodeArguments, options);
      expect(JSON.parse(stdout)).toMatchObject({ lines: 8000, left: ['counter', 'left'] });
    }
  });

  it('survive arguments of every kind, in other orders', async () => {
    const start = Date.now() % 1_000_000_000;
    for (let seed = start; seed < start + 20; seed += 1) {
      const program = ['--expose-gc', ...childNodeArguments, fixture('hostile-arguments')];
      const args = [...program, '1000', String(seed)];
      const result = await runCommand(process.execPath, args, { timeoutMs: 300_000 });
      expect({ seed, ...result }).toMatchObject({ code: 0, stdout: 'alive after true\n' });
    }
  });
});
