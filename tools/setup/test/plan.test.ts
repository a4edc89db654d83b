import { describe, expect, it } from 'vitest';
import { familyOf, parseOsRelease } from '../machine.mjs';
import { needs, pnpmVersion } from '../needs.mjs';
import { describeByHand, planSetup } from '../plan.mjs';
import type { Machine } from '../machine.mjs';

const bare: Machine = {
  root: true,
  distribution: 'Debian GNU/Linux 12 (bookworm)',
  family: 'debian',
  aptGet: true,
  pnpmVersion: undefined,
  globalWritable: true,
  homeWritable: true,
  has: () => false,
};
const complete: Machine = { ...bare, pnpmVersion, has: () => true };

describe('the plan for a machine', () => {
  it('has nothing to do where all is there', () => {
    expect(planSetup(complete, 'test')).toEqual({ aptPackages: [], byHand: [], pnpm: 'none' });
    expect(describeByHand([], complete)).toEqual([]);
  });

  it('installs as root on Debian what is missing, and no test tools for npm start', () => {
    const names = (purpose: 'start' | 'test' | 'full') =>
      planSetup(bare, purpose).aptPackages.map(({ name }) => name);
    expect(names('start')).toContain('fuse3');
    expect(names('start')).not.toContain('doctest-dev');
    expect(names('test')).toContain('doctest-dev');
    expect(names('test')).not.toContain('fio');
    expect(names('full')).toEqual(needs.map(({ packages }) => packages.debian));
    expect(planSetup(bare, 'test').byHand).toEqual([]);
  });

  it('leaves it to a plain user, with the command', () => {
    const machine = { ...bare, root: false, has: without('fusermount3') };
    const plan = planSetup(machine, 'test');
    expect(plan.aptPackages).toEqual([]);
    expect(describeByHand(plan.byHand, machine).at(-1)).toBe('  sudo apt-get install -y fuse3');
  });

  it("leaves it to the user of another distribution, in that one's names", () => {
    const machine: Machine = { ...bare, family: 'fedora', aptGet: false, has: without('g++') };
    const plan = planSetup(machine, 'start');
    expect(describeByHand(plan.byHand, machine).at(-1)).toBe('  dnf install -y gcc-c++');
  });

  it('lists the names for each family where the distribution is unknown', () => {
    const machine = { ...bare, family: undefined, aptGet: false, has: without('python3') };
    const text = describeByHand(planSetup(machine, 'start').byHand, machine).join('\n');
    for (const command of ['apt-get install -y python3', 'pacman -S --needed python', 'apk add']) {
      expect(text).toContain(command);
    }
  });

  it('puts pnpm where this user may write, and never replaces another version', () => {
    const place = (machine: Partial<Machine>) => planSetup({ ...bare, ...machine }, 'start').pnpm;
    expect(place({})).toBe('global');
    expect(place({ globalWritable: false })).toBe('home');
    expect(place({ globalWritable: false, homeWritable: false })).toBe('project');
    expect(place({ pnpmVersion: '10.4.1' })).toBe('project');
    expect(place({ pnpmVersion: '12.99.0' })).toBe('none');
    expect(place({ pnpmVersion: '12.20.9' })).toBe('project');
  });
});

describe('/etc/os-release', () => {
  it('tells the family of distributions', () => {
    const family = (text: string) => familyOf(parseOsRelease(text));
    expect(family('ID=debian\nVERSION_ID="12"\n')).toBe('debian');
    expect(family('ID=linuxmint\nID_LIKE="ubuntu debian"\n')).toBe('debian');
    expect(family('ID="rocky"\nID_LIKE="rhel centos fedora"\n')).toBe('fedora');
    expect(family('ID=arch\n')).toBe('arch');
    expect(family('ID=alpine\n')).toBe('alpine');
    expect(family('ID=nixos\n')).toBeUndefined();
  });
});

/** A machine that has all but one command. */
function without(missing: string): Machine['has'] {
  return (sign) => !('command' in sign && sign.command === missing);
}
