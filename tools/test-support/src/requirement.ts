import { describe, it } from 'vitest';

type Body = () => void | Promise<void>;

/** Something that the machine may lack, and the tests that need it. */
export interface Requirement {
  /** Whether the machine has it, for code that only asks. */
  readonly available: boolean;
  /** `describe`, when available; otherwise skipped with the reason, or failed. */
  describe(name: string, body: () => void): void;
  /** `it`, when available; otherwise skipped with the reason, or failed. */
  it(name: string, body: Body, timeoutMs?: number): void;
}

/**
 * Declares what some tests need of the machine. A test that cannot run here is never silent: its
 * name ends with the reason, every run lists it, and with RAM_REQUIRE_ALL=1 it fails.
 *
 * ```ts
 * const fuse = requirement('FUSE', existsSync('/dev/fuse'), 'there is no /dev/fuse');
 * fuse.describe('mount', () => { … });
 * fuse.it('unmounts', async () => { … });
 * ```
 *
 * @param reason Why not, in words that tell a reader what to install or allow.
 */
export function requirement(name: string, available: boolean, reason: string): Requirement {
  // The exact form that tools/report reads the reason from.
  const label = (title: string): string => `${title} [not run: ${name}: ${reason}]`;
  if (available) {
    return {
      available,
      describe: (title, body) => void describe(title, body),
      it: (title, body, timeoutMs) => it(title, body, timeoutMs),
    };
  }
  if (process.env.RAM_REQUIRE_ALL === '1') {
    const refuse = (): never => {
      throw new Error(`RAM_REQUIRE_ALL=1 and no ${name}: ${reason}`);
    };
    return {
      available,
      describe: (title) => void describe(title, () => it(label('is run'), refuse)),
      it: (title) => it(label(title), refuse),
    };
  }
  return {
    available,
    describe: (title, body) => void describe.skip(label(title), body),
    it: (title, body) => it.skip(label(title), body),
  };
}
