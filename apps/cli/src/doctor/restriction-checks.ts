import { missing, ok, warning } from './check.ts';
import type { Check } from './check.ts';
import type { Machine } from './machine.ts';

/** What the system forbids plain users. */
export function restrictionChecks(machine: Machine): Check[] {
  return [checkNamespaces(machine), checkNamespaceProfiles(machine), checkHelperProfile(machine)];
}

function checkNamespaces(machine: Machine): Check {
  const [id, title] = ['user-namespaces', 'User namespaces'];
  if (machine.readText('/proc/sys/kernel/unprivileged_userns_clone')?.trim() === '0') {
    const hint = 'sudo sysctl kernel.unprivileged_userns_clone=1';
    return lacking(machine, id, title, 'for root only', hint);
  }
  const count = machine.readText('/proc/sys/user/max_user_namespaces')?.trim();
  if (count === undefined) {
    return lacking(machine, id, title, 'not in this kernel', 'A kernel with CONFIG_USER_NS');
  }
  if (count === '0') {
    const hint = 'sudo sysctl user.max_user_namespaces=10000';
    return lacking(machine, id, title, 'switched off', hint);
  }
  return ok(id, title, `allowed, at most ${count}`);
}

/** Root makes a disk's memory without them. */
function lacking(machine: Machine, id: string, title: string, found: string, hint: string): Check {
  return (machine.uid === 0 ? warning : missing)(id, title, found, hint);
}

function checkNamespaceProfiles(machine: Machine): Check {
  const [id, title] = ['apparmor-userns', 'AppArmor on namespaces'];
  const setting = 'kernel.apparmor_restrict_unprivileged_userns';
  const value = machine.readText(`/proc/sys/${setting.replace('.', '/')}`)?.trim();
  if (value !== '1') return ok(id, title, 'does not restrict them');
  const found = 'plain users get no rights in them';
  return lacking(machine, id, title, found, `sudo sysctl ${setting}=0`);
}

const profilePath = '/etc/apparmor.d/fusermount3';

function checkHelperProfile(machine: Machine): Check {
  const [id, title] = ['apparmor-fusermount3', "AppArmor's rules for fusermount3"];
  const profile = machine.readText(profilePath);
  const enabled = machine.readText('/sys/module/apparmor/parameters/enabled')?.trim() === 'Y';
  if (profile === undefined || !enabled) {
    return ok(id, title, enabled ? `no ${profilePath}` : 'AppArmor is off');
  }
  // Readable by root only; plain users are told the rules as if they were loaded.
  const loaded = machine.readText('/sys/kernel/security/apparmor/profiles');
  if (loaded !== undefined && !/^\/?\S*fusermount3? /m.test(loaded)) {
    return ok(id, title, `${profilePath} is not loaded`);
  }
  const local = machine.readText('/etc/apparmor.d/local/fusermount3') ?? '';
  const places = mountPointsOf(`${profile}\n${local}`);
  const hint =
    'Mount there, or add "mount fstype=fuse.* options=(nosuid,nodev) -> /PLACE/**/," to ' +
    `/etc/apparmor.d/local/fusermount3 and run: sudo apparmor_parser -r ${profilePath}`;
  return warning(id, title, `plain users mount only in ${places.join(', ') || 'no place'}`, hint);
}

/** The targets of a profile's `mount … -> TARGET,` rules. @see apparmor.d(5) */
export function mountPointsOf(profile: string): string[] {
  const targets = profile.split('\n').flatMap((line) => {
    const rule = line.replace(/#.*$/, '');
    if (!/^\s*(?:audit\s+|allow\s+)*mount\b/.test(rule)) return [];
    return /->\s*("[^"]+"|[^\s,{]*(?:\{[^}]*\}[^\s,{]*)*)/.exec(rule)?.[1] ?? [];
  });
  return [...new Set(targets.filter((target) => target !== ''))];
}
