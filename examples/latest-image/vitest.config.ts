import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

/** Tests that start programs wait for them for as long as a busy machine takes. */
export default defineConfig((environment) =>
  mergeConfig(shared(environment), {
    test: {
      expect: { poll: { timeout: 30_000, interval: 20 } },
      ...(environment.mode === 'full' ? {} : { testTimeout: 120_000 }),
      hookTimeout: 60_000,
    },
  }),
);
