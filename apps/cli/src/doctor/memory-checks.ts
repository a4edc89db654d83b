import type { MachineMemory } from '@ram/daemon';
import { formatBytes } from '@ram/daemon';
import { missing, ok, required, warning } from './check.ts';
import type { Check } from './check.ts';
import { mayAdministrateNamespace } from './machine.ts';
import type { Machine } from './machine.ts';

const enoughDescriptors = 4096;

/** What disks are made of, and how large they may become. */
export function memoryChecks(machine: Machine, memory: MachineMemory): Check[] {
  return [
    checkMemory(machine, memory),
    checkCgroup(machine, memory),
    checkSwap(machine),
    checkBacking(machine),
    checkNoSwap(machine),
    checkDescriptors(machine),
  ];
}

function checkMemory(machine: Machine, { memoryBytes }: MachineMemory): Check {
  const [id, title] = ['memory', 'Memory'];
  const total = formatBytes(meminfo(machine, 'MemTotal'));
  const free = meminfo(machine, 'MemAvailable');
  const size = formatBytes(memoryBytes / 2);
  const found = `${total}, ${formatBytes(free)} available; the first disk may take ${size}`;
  if (free > memoryBytes / 8) return ok(id, title, found);
  return warning(id, title, found, 'Little is left: give disks a --size, or end what fills it');
}

function checkCgroup(machine: Machine, { memoryBytes }: MachineMemory): Check {
  const [id, title] = ['cgroup', 'Memory limit (cgroup)'];
  const total = meminfo(machine, 'MemTotal');
  if (memoryBytes >= total) return ok(id, title, 'none');
  return ok(id, title, `${formatBytes(memoryBytes)} for this process`);
}

function checkSwap(machine: Machine): Check {
  const [id, title] = ['swap', 'Swap'];
  const total = meminfo(machine, 'SwapTotal');
  if (total === 0) return ok(id, title, 'none: content never leaves the memory');
  const free = formatBytes(meminfo(machine, 'SwapFree'));
  return ok(id, title, `${formatBytes(total)}, ${free} free`);
}

function checkBacking(machine: Machine): Check {
  const [id, title] = ['private-tmpfs', 'Private tmpfs'];
  const backing = machine.tryVolume({ swap: true });
  if (backing === 'tmpfs') return required(ok(id, title, 'works'));
  if (backing === 'memfd') {
    const hint = 'Allow user namespaces (see below), or mount as root';
    return required(warning(id, title, 'refused; disks lie in memfds, with fewer files', hint));
  }
  const hint = 'Allow user namespaces (see below), or mount as root';
  return required(missing(id, title, `no memory for a disk: ${oneLine(backing)}`, hint));
}

function checkNoSwap(machine: Machine): Check {
  const [id, title] = ['no-swap', 'Disks out of swap'];
  const backing = machine.tryVolume({ swap: false });
  if (!(backing instanceof Error)) return ok(id, title, '--no-swap works');
  const hint = mayAdministrateNamespace(machine)
    ? 'Mount as root outside of the user namespace'
    : machine.uid === 0
      ? 'Linux 6.4 or newer has it'
      : 'Mount as root';
  return warning(id, title, 'not allowed: no --no-swap', hint);
}

function checkDescriptors(machine: Machine): Check {
  const [id, title] = ['descriptors', 'File descriptors'];
  const limits = machine.readText('/proc/self/limits') ?? '';
  const [, soft = '', hard = ''] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  const found = `${soft}, at most ${hard}`;
  if (hard === 'unlimited' || Number(hard) >= enoughDescriptors) return ok(id, title, found);
  const hint = 'Raise it: ulimit -Hn 1048576 as root, or nofile in /etc/security/limits.conf';
  return warning(id, title, found, hint);
}

function meminfo(machine: Machine, name: string): number {
  const text = machine.readText('/proc/meminfo') ?? '';
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
}

function oneLine({ message }: Error): string {
  return message.replaceAll(/\s+/g, ' ');
}
