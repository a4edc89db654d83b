import { expect, it } from 'vitest';
import { probe, protocolMinorOf } from './probe.ts';

it.each([
  ['5.4.0-42-generic', undefined],
  ['5.10.0-21-amd64', 32],
  ['6.1.0-28-cloud-amd64', 37],
  ['6.8.0', 39],
  ['6.18.44-fc', 45],
  ['7.0.1', 45],
])('knows the protocol of %s', (release, minor) => {
  expect(protocolMinorOf(release)).toBe(minor);
});

it('describes this machine without throwing', async () => {
  const result = await probe();
  expect(result.supported).toBe(true);
  expect(result.requestBytesMax).toBeGreaterThanOrEqual(131_072);
  expect(result.kernelRelease).toMatch(/^\d+\.\d+/);
  if (process.geteuid?.() !== 0) expect(result.mayMount).toBe(false);
});
