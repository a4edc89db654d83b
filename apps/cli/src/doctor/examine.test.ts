import type { Trap } from '@ram/memfile';
import { describe, expect, it } from 'vitest';
import type { Check } from './check.ts';
import { examine } from './examine.ts';
import type { Machine } from './machine.ts';
import { mountPointsOf } from './restriction-checks.ts';

const gib = 2 ** 30;
const places = { runtime: '/run/user/1000/ram', logs: '/home/a/.local/state/ram' };
const memory = { memoryBytes: 16 * gib, swapBytes: 0 };

interface Fake {
  uid?: number;
  kernel?: string;
  texts?: Record<string, string | undefined>;
  files?: Record<string, { mode: number; uid: number } | undefined>;
  unusable?: string[];
  volume?: (swap: boolean) => 'tmpfs' | 'memfd' | Error;
  mayMount?: boolean;
  memoryFiles?: Machine['memoryFiles'];
}

const shm = { totalBytes: 8 * gib, freeBytes: 7 * gib, traps: [] };

function trapped(...codes: Trap['code'][]): Fake {
  const traps = codes.map((code) => ({ code, message: '' }));
  return { memoryFiles: { ...shm, traps } };
}

/** An ordinary desktop of a plain user, changed in places. */
function desktop({
  uid = 1000,
  kernel = '6.12.1',
  texts,
  files,
  unusable = [],
  volume,
  mayMount = uid === 0,
  memoryFiles = shm,
}: Fake = {}) {
  const allTexts: Record<string, string | undefined> = {
    '/proc/self/status': `CapEff:\t${uid === 0 ? '000001ffffffffff' : '0000000000000000'}\n`,
    '/proc/self/uid_map': '         0          0 4294967295\n',
    '/proc/self/mountinfo': '1 2 0:3 / /sys/fs/fuse/connections rw - fusectl none rw\n',
    '/proc/self/limits': 'Max open files            1024                 524288       files\n',
    '/proc/meminfo': `MemTotal: ${16 * 2 ** 20} kB\nMemAvailable: ${8 * 2 ** 20} kB\n`,
    '/proc/sys/user/max_user_namespaces': '60000\n',
    '/proc/sys/fs/fuse/max_pages_limit': '256\n',
    '/etc/fuse.conf': '#user_allow_other\n',
    ...texts,
  };
  const allFiles: Record<string, { mode: number; uid: number } | undefined> = {
    '/dev/fuse': { mode: 0o20666, uid: 0 },
    '/usr/bin/fusermount3': { mode: 0o104755, uid: 0 },
    '/run/user/1000': { mode: 0o40700, uid },
    '/home/a': { mode: 0o40755, uid },
    ...files,
  };
  const machine: Machine = {
    uid,
    kernel,
    environment: { PATH: '/usr/local/bin:/usr/bin' },
    readText: (path) => allTexts[path],
    stat: (path) => allFiles[path],
    canUse: (path) => allFiles[path] !== undefined && !unusable.includes(path),
    run: () => 'fusermount3 version: 3.14.0\n',
    tryVolume: ({ swap }) => volume?.(swap) ?? (swap || uid === 0 ? 'tmpfs' : new Error('EINVAL')),
    mayMount,
    memoryFiles,
  };
  return examine(machine, memory, places);
}

function find({ checks }: { checks: Check[] }, id: string): Check | undefined {
  return checks.find((check) => check.id === id);
}

describe('the doctor', () => {
  it('finds an ordinary desktop fit, and says what a plain user could still get', () => {
    const examination = desktop();
    expect(examination.canMount).toBe(true);
    const others = examination.checks.filter(({ status }) => status !== 'ok');
    expect(others.map(({ id }) => id)).toEqual([
      'allow-other',
      'passthrough',
      'io-uring',
      'no-swap',
    ]);
    expect(examination.defaultMaxBytes).toBe(8 * gib);
    expect(examination.places.log).toBe('/home/a/.local/state/ram/ramd.log');
  });

  it('names every check once, and a way out of whatever is not ok', () => {
    const { checks } = desktop({ kernel: '5.4.0', texts: {}, files: { '/dev/fuse': undefined } });
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    for (const { status, found, hint } of checks) {
      expect(`${found}\n${hint}`.split('\n')).toHaveLength(2);
      expect(hint === null).toBe(status === 'ok');
    }
  });

  it('finds what root has', () => {
    const root = desktop({ uid: 0, files: { '/usr/bin/fusermount3': undefined } });
    expect(root.canMount).toBe(true);
    expect(find(root, 'mount-rights')).toMatchObject({ status: 'ok', found: 'CAP_SYS_ADMIN' });
    expect(find(root, 'fusermount3')).toMatchObject({ status: 'warning' });
    expect(find(root, 'passthrough')).toMatchObject({ status: 'ok' });
    expect(find(root, 'no-swap')).toMatchObject({ status: 'ok' });
  });

  it('finds root of a user namespace fit, in a mount namespace of its own', () => {
    const inside: Fake = {
      uid: 0,
      texts: { '/proc/self/uid_map': '0 1000 1\n' },
      files: { '/usr/bin/fusermount3': { mode: 0o104755, uid: 65534 } },
    };
    const root = desktop(inside);
    expect(root.canMount).toBe(true);
    expect(find(root, 'mount-rights')).toMatchObject({ status: 'ok', required: true });
    expect(find(root, 'fusermount3')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('not needed'),
    });
    const hint = expect.stringContaining('outside of the user namespace');
    expect(find(root, 'passthrough')).toMatchObject({ status: 'warning', hint });
    const without = desktop({ ...inside, mayMount: false });
    expect(without.canMount).toBe(false);
    expect(find(without, 'mount-rights')).toMatchObject({
      status: 'missing',
      hint: expect.stringContaining('unshare -Urm'),
    });
  });

  const broken: [string, Fake, string][] = [
    ['an old kernel', { kernel: '5.4.0-1' }, 'kernel'],
    ['no FUSE device', { files: { '/dev/fuse': undefined } }, 'fuse-device'],
    ['a closed FUSE device', { unusable: ['/dev/fuse'] }, 'fuse-device'],
    ['no mount helper', { files: { '/usr/bin/fusermount3': undefined } }, 'mount-rights'],
    [
      'a mount helper without rights',
      { files: { '/usr/bin/fusermount3': { mode: 0o100755, uid: 0 } } },
      'mount-rights',
    ],
    ['no memory for a disk', { volume: () => new Error('EPERM') }, 'private-tmpfs'],
    [
      'a runtime directory of someone else',
      { files: { '/run/user/1000/ram': { mode: 0o40700, uid: 7 } } },
      'runtime-directory',
    ],
    ['a home that is not writable', { unusable: ['/home/a'] }, 'log-directory'],
  ];
  it.each(broken)('finds %s unfit', (_, fake, id) => {
    const examination = desktop(fake);
    expect(examination.canMount).toBe(false);
    expect(find(examination, id)).toMatchObject({ status: 'missing', required: true });
  });

  const limited: [string, Fake, string, string][] = [
    ['memfds in place of a tmpfs', { volume: () => 'memfd' }, 'private-tmpfs', 'warning'],
    ['an old kernel without passthrough', { kernel: '6.8.12' }, 'passthrough', 'warning'],
    [
      'namespaces for root only',
      { texts: { '/proc/sys/kernel/unprivileged_userns_clone': '0\n' } },
      'user-namespaces',
      'missing',
    ],
    [
      'namespaces switched off',
      { texts: { '/proc/sys/user/max_user_namespaces': '0\n' } },
      'user-namespaces',
      'missing',
    ],
    [
      'namespaces restricted by AppArmor',
      { texts: { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' } },
      'apparmor-userns',
      'missing',
    ],
    ['no /dev/shm', { memoryFiles: new Error('There is none') }, 'shm', 'missing'],
    ['a small /dev/shm', trapped('small'), 'shm', 'warning'],
    ['a full /dev/shm', trapped('small', 'nearly-full'), 'shm', 'warning'],
    ['files that go at logout', trapped('emptied-at-logout'), 'shm-logout', 'warning'],
    ['no fusectl', { texts: { '/proc/self/mountinfo': '' } }, 'fusectl', 'warning'],
    [
      'few descriptors',
      { texts: { '/proc/self/limits': 'Max open files            64          1024     files\n' } },
      'descriptors',
      'warning',
    ],
    [
      'an open runtime directory',
      { files: { '/run/user/1000/ram': { mode: 0o40755, uid: 1000 } } },
      'runtime-directory',
      'warning',
    ],
  ];
  it.each(limited)('warns of %s', (_, fake, id, status) => {
    const examination = desktop(fake);
    expect(examination.canMount).toBe(true);
    expect(find(examination, id)).toMatchObject({ status });
  });

  it('says what is switched on', () => {
    const examination = desktop({
      texts: {
        '/sys/module/fuse/parameters/enable_uring': 'Y\n',
        '/etc/fuse.conf': 'mount_max = 5\nuser_allow_other\n',
      },
    });
    expect(find(examination, 'io-uring')).toMatchObject({ status: 'ok' });
    expect(find(examination, 'allow-other')).toMatchObject({ status: 'ok' });
  });
});

describe("AppArmor's rules for fusermount3", () => {
  const profile = `
profile fusermount3 /usr/bin/fusermount3 {
  # mount fstype=fuse.* -> /in-a-comment/,
  mount fstype=@{fuse_types} options=(nosuid,nodev) options in (ro,rw) -> @{HOME}/**/,
  mount fstype=@{fuse_types} options=(nosuid,nodev,rw) -> /mnt/{,**/},
  audit mount fstype=fuse.* -> "/with space/",
  umount /mnt/{,**/},
}`;

  it('are read for the places they allow', () => {
    expect(mountPointsOf(profile)).toEqual(['@{HOME}/**/', '/mnt/{,**/}', '"/with space/"']);
  });

  it('are told when they are in force', () => {
    const texts = {
      '/etc/apparmor.d/fusermount3': profile,
      '/sys/module/apparmor/parameters/enabled': 'Y\n',
    };
    const found = expect.stringContaining('@{HOME}/**/, /mnt/{,**/}');
    const id = 'apparmor-fusermount3';
    expect(find(desktop({ texts }), id)).toMatchObject({ status: 'warning', found });
    const loaded = '/sys/kernel/security/apparmor/profiles';
    const other = desktop({ texts: { ...texts, [loaded]: 'man_groff (enforce)\n' } });
    expect(find(other, id)).toMatchObject({ status: 'ok' });
    const same = desktop({ texts: { ...texts, [loaded]: 'fusermount3 (enforce)\n' } });
    expect(find(same, id)).toMatchObject({ status: 'warning' });
  });
});
