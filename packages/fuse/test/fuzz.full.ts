// Minutes of the fuzzer on the protocol parser; `pnpm test:native` runs it for seconds. The first
// seed is another one each day, and printed.
import { fileURLToPath } from 'node:url';
import { runCommand } from '@ram/test-support';
import { expect, it } from 'vitest';

const seconds = 100; // for each of its three cases
const dayMs = 86_400_000;

it('requests of every kind, valid and spoilt, do no harm', async () => {
  const seed = String(Math.floor(Date.now() / dayMs) * 1_000_000);
  console.log(`RAM_FUZZ_SEED=${seed}`);
  const result = await runCommand(
    process.execPath,
    [fileURLToPath(new URL('../../../tools/native/run.mjs', import.meta.url)), '-tc=fuzz*'],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { RAM_FUZZ_SECONDS: String(seconds), RAM_FUZZ_SEED: seed },
      timeoutMs: 1_700_000,
    },
  );
  expect(result, result.stdout).toMatchObject({ code: 0, timedOut: false });
});
