import { delimiter, join } from 'node:path';
import { showPath } from '@ram/daemon';
import { missing, ok, required, warning } from './check.ts';
import type { Check } from './check.ts';
import { kernelIsAtLeast, mayAdministrate, mayAdministrateNamespace } from './machine.ts';
import type { Machine } from './machine.ts';

const asRoot = 'Mount as root';
/** Who gets it. */
const byRequest = '; for disks mounted with --transport io_uring';

/** What mounting needs, and what makes it faster. */
export function fuseChecks(machine: Machine): Check[] {
  return [
    checkKernel(machine),
    checkDevice(machine),
    checkMountRights(machine),
    checkFusermount(machine),
    checkAllowOther(machine),
    checkControl(machine),
    checkPassthrough(machine),
    checkRing(machine),
    checkMaxPages(machine),
  ];
}

function checkKernel(machine: Machine): Check {
  const title = 'Kernel';
  const found = `Linux ${machine.kernel}`;
  return required(
    kernelIsAtLeast(machine, 5, 10)
      ? ok('kernel', title, found)
      : missing('kernel', title, found, 'Linux 5.10 or newer is needed: upgrade the system'),
  );
}

function checkDevice(machine: Machine): Check {
  const [id, title, path] = ['fuse-device', 'FUSE device', '/dev/fuse'];
  const facts = machine.stat(path);
  if (facts === undefined) {
    const hint = 'sudo modprobe fuse; in a container: start it with --device /dev/fuse';
    return required(missing(id, title, `no ${path}`, hint));
  }
  const mode = `0${(facts.mode & 0o777).toString(8)}`;
  if (!machine.canUse(path)) {
    const found = `${path} is there (mode ${mode}), but not for you`;
    return required(missing(id, title, found, `sudo chmod 0666 ${path}`));
  }
  return required(ok(id, title, `${path}, mode ${mode}`));
}

function checkMountRights(machine: Machine): Check {
  const [id, title] = ['mount-rights', 'Right to mount'];
  if (mayAdministrate(machine)) return required(ok(id, title, 'CAP_SYS_ADMIN'));
  const helper = findFusermount(machine);
  if (helper?.setuid) return required(ok(id, title, `through ${helper.path}`));
  if (mayAdministrateNamespace(machine)) {
    if (machine.mayMount) return required(ok(id, title, 'as root of a user namespace'));
    const where = 'root of a user namespace mounts only in a mount namespace of its own';
    return required(missing(id, title, where, 'Start it with unshare -Urm, not unshare -Ur'));
  }
  const found = 'neither CAP_SYS_ADMIN nor a setuid fusermount3';
  return required(missing(id, title, found, 'Install fusermount3 (sudo apt install fuse3)'));
}

function checkFusermount(machine: Machine): Check {
  const [id, title] = ['fusermount3', 'Mount helper'];
  // A set-uid bit is of no use there, nor is there need of one.
  if (mayAdministrateNamespace(machine)) {
    return ok(id, title, 'not needed: root of a user namespace mounts by itself (unshare -Urm)');
  }
  const helper = findFusermount(machine);
  if (helper === undefined) {
    const hint = 'sudo apt install fuse3; plain users mount through it';
    return mayAdministrate(machine)
      ? warning(id, title, 'no fusermount3', hint)
      : missing(id, title, 'no fusermount3', hint);
  }
  const found = `${helper.path}${helper.version === undefined ? '' : ` ${helper.version}`}`;
  if (helper.setuid) return ok(id, title, `${found}, setuid root`);
  const shown = showPath(helper.path);
  const hint = `sudo chown root ${shown} && sudo chmod u+s ${shown}`;
  return warning(id, title, `${found}, not setuid root: of no use to plain users`, hint);
}

function checkAllowOther(machine: Machine): Check {
  const [id, title] = ['allow-other', 'Disks for all users'];
  if (mayAdministrateNamespace(machine)) {
    return ok(id, title, '--allow-other lets in who is in this user namespace');
  }
  if (machine.uid === 0) return ok(id, title, 'root may use --allow-other');
  const allowed = /^\s*user_allow_other\s*$/m.test(machine.readText('/etc/fuse.conf') ?? '');
  if (allowed) return ok(id, title, 'user_allow_other is in /etc/fuse.conf');
  const hint = 'echo user_allow_other | sudo tee -a /etc/fuse.conf';
  return warning(id, title, 'not allowed: no --allow-other', hint);
}

function checkControl(machine: Machine): Check {
  const [id, title] = ['fusectl', 'FUSE control'];
  const directory = '/sys/fs/fuse/connections';
  const mounts = machine.readText('/proc/self/mountinfo') ?? '';
  if (mounts.includes(` ${directory} `)) return ok(id, title, directory);
  const hint = `sudo mount -t fusectl none ${directory}`;
  return warning(id, title, 'not mounted: hung disks are ended by killing their server', hint);
}

function checkPassthrough(machine: Machine): Check {
  const [id, title] = ['passthrough', 'FUSE passthrough'];
  if (!kernelIsAtLeast(machine, 6, 9)) {
    return warning(id, title, `not in Linux ${machine.kernel}`, 'Linux 6.9 or newer has it');
  }
  if (mayAdministrate(machine)) return ok(id, title, 'the kernel has it, and you may use it');
  return warning(
    id,
    title,
    'the kernel has it, for root only: your disks are cached',
    mayAdministrateNamespace(machine) ? 'Mount as root outside of the user namespace' : asRoot,
  );
}

function checkRing(machine: Machine): Check {
  const [id, title] = ['io-uring', 'FUSE over io_uring'];
  const parameter = '/sys/module/fuse/parameters/enable_uring';
  const value = machine.readText(parameter)?.trim();
  if (value === undefined) {
    const hint = 'Linux 6.14 or newer has it (CONFIG_FUSE_IO_URING)';
    return warning(id, title, `not in Linux ${machine.kernel}`, hint);
  }
  if (value === 'Y' || value === '1') return ok(id, title, `switched on${byRequest}`);
  return warning(id, title, `switched off${byRequest}`, `echo Y | sudo tee ${parameter}`);
}

function checkMaxPages(machine: Machine): Check {
  const [id, title] = ['max-pages', 'Largest request'];
  const limit = machine.readText('/proc/sys/fs/fuse/max_pages_limit')?.trim();
  if (limit === undefined) return ok(id, title, '256 pages (the fixed limit of this kernel)');
  if (Number(limit) >= 256) return ok(id, title, `${limit} pages`);
  const hint = 'sudo sysctl fs.fuse.max_pages_limit=256';
  return warning(id, title, `${limit} pages: large reads and writes are slower`, hint);
}

interface Fusermount {
  path: string;
  setuid: boolean;
  version: string | undefined;
}

function findFusermount(machine: Machine): Fusermount | undefined {
  const folders = (machine.environment.PATH ?? '').split(delimiter).filter(Boolean);
  for (const folder of [...folders, '/usr/bin', '/bin']) {
    const path = join(folder, 'fusermount3');
    const facts = machine.stat(path);
    if (facts === undefined) continue;
    const setuid = facts.uid === 0 && (facts.mode & 0o4000) !== 0;
    const version = /\d+(?:\.\d+)+/.exec(machine.run(path, ['--version']) ?? '')?.[0];
    return { path, setuid, version };
  }
  return undefined;
}
