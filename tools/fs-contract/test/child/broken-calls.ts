// Breaks each call that only raw system calls have, on tmpfs, and tells whether a case finds it.
import { writeSync } from 'node:fs';
import { cases } from '../../cases/all.ts';
import { DescriptorCalls } from '../../src/descriptor-calls.ts';
import { NativeCalls } from '../../src/native-calls.ts';
import { NodeCalls } from '../../src/node-calls.ts';
import { runCases } from '../../src/run-cases.ts';
import type { Surface } from '../../src/run-cases.ts';
import type { Message } from '../../src/run-surface.ts';
import { surfaces } from '../../src/surfaces.ts';

/** What a client needs between cases, and what changes nothing that could be seen. */
const spared = new Set(['constructor', 'reset', 'end', 'release', 'statx', 'munmap', 'chdir']);
const inNode = new Set(Object.getOwnPropertyNames(NodeCalls.prototype));
const calls = [NativeCalls, DescriptorCalls]
  .flatMap((one) => Object.getOwnPropertyNames(one.prototype))
  .filter((name) => !spared.has(name) && !inNode.has(name));

/** The same drivers, with one call replaced. */
function broken(surface: Surface, call: string, replacement: () => unknown): Surface {
  const connect: Surface['connect'] = (identity) =>
    new Proxy(surface.connect(identity), {
      get: (driver, name) => {
        if (name === call) return replacement;
        const found: unknown = Reflect.get(driver, name);
        return typeof found === 'function' ? found.bind(driver) : found;
      },
    });
  return { ...surface, connect };
}

function refuse(): never {
  throw Object.assign(new Error('broken'), { code: 'EIO' });
}

/** By the cases that make the call themselves, or by all if it is made by helpers only. */
function isFound(surface: Surface, call: string, replacement: () => unknown): boolean {
  const direct = cases.filter(({ run }) => run.toString().includes(`.${call}(`));
  const chosen = direct.length > 0 ? direct : cases;
  for (const { result } of runCases(broken(surface, call, replacement), chosen)) {
    if (result === 'failed') return true;
  }
  return false;
}

process.umask(0);
const surface = (await surfaces.tmpfs?.open()) as Surface;
for (const call of calls) {
  const found = [() => undefined, refuse].every((replacement) =>
    isFound(surface, call, replacement),
  );
  const message: Message = { outcome: { id: call, result: found ? 'passed' : 'failed' } };
  writeSync(1, `${JSON.stringify(message)}\n`);
}
process.exit(0);
