// How many requests a client waits for, exact by opcode: what the driver is judged by.
import { runNode } from '@ram/test-support';
import { describe, expect } from 'vitest';
import { childProgram, makeFolder, rootMounts } from './support.ts';

// The kernel reads or writes by itself, from its cache, or asks; the first write of a file through
// a cache or a passed-through file asks for security.capability.
const modes = [
  ['passthrough', { first: { getxattr: 1 }, read: {} }],
  ['cached', { first: { write: 1 }, read: {} }],
  ['direct', { first: { write: 1 }, read: { read: 1 } }],
] as const;

// The kernel checks modes and owners by a directory's attributes, which each change makes void.
const checks = [
  [true, { getattr: 1 }],
  [false, {}],
] as const;

describe.each(modes)('with io %s', (io, { first, read }) => {
  describe.each(checks)('and defaultPermissions %s', (checked, check) => {
    rootMounts.it('clients wait for few requests', async () => {
      const args = [makeFolder(), io, String(checked)];
      const { stdout, stderr } = await runNode(childProgram('counts.ts'), args);
      expect(stderr).toBe('');
      const { longList, longListOfListed, ...exact } = JSON.parse(stdout) as Record<
        string,
        unknown
      >;
      expect(exact).toEqual({
        openSmall: { open: 1 },
        openLarge: { open: 1 },
        create: { lookup: 1, ...check, create: 1 },
        createAndWrite: { lookup: 1, ...check, create: 1, ...first },
        rename: { lookup: 1, ...check, rename: 1 },
        makeDirectory: { lookup: 1, ...check, mkdir: 1 },
        unlink: { ...check, unlink: 1 },
        statCached: {},
        missing: {},
        readLarge: { open: 1, ...read },
        readLink: {},
        listKnown: {},
        // Names end with an empty answer; who opens a directory asks for its attributes.
        listChanged: { getattr: 1, readdirplus: 1, readdir: 1 },
      });
      // Of 10,000 entries; in one whose names alone are known, until the driver has noticed.
      expect(longList).toBeLessThanOrEqual(200);
      expect(longListOfListed).toBeLessThanOrEqual(2000);
    });
  });
});
