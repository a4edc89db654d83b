import { dirname } from 'node:path';
import { showPath } from '@ram/daemon';
import type { Places } from '@ram/daemon';
import { missing, ok, required, warning } from './check.ts';
import type { Check } from './check.ts';
import type { Machine } from './machine.ts';

/** Where sockets, state and logs are, and whether they can be there. */
export function placeChecks(machine: Machine, { runtime, logs }: Places): Check[] {
  return [
    checkPlace(machine, 'runtime-directory', 'Sockets and state', runtime, 'RAM_RUNTIME_DIR'),
    checkPlace(machine, 'log-directory', 'Logs', logs, 'RAM_LOG_DIR'),
  ];
}

function checkPlace(
  machine: Machine,
  id: string,
  title: string,
  path: string,
  variable: string,
): Check {
  const hint = `Take another place: export ${variable}=/a/folder/of/yours`;
  const facts = machine.stat(path);
  if (facts === undefined) {
    const above = nearestAbove(machine, path);
    return required(
      machine.canUse(above)
        ? ok(id, title, `${path} (made when needed)`)
        : missing(id, title, `${path} can't be made: ${above} is not yours`, hint),
    );
  }
  if (facts.uid !== machine.uid || !machine.canUse(path)) {
    return required(missing(id, title, `${path} is not yours`, hint));
  }
  if ((facts.mode & 0o077) === 0) return required(ok(id, title, path));
  const found = `${path} is open to others`;
  return required(
    warning(id, title, found, `chmod 0700 ${showPath(path)} (the next mount does it)`),
  );
}

function nearestAbove(machine: Machine, path: string): string {
  const above = dirname(path);
  return above === '/' || machine.stat(above) !== undefined ? above : nearestAbove(machine, above);
}
