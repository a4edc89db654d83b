import { expect, it } from 'vitest';
import { checkMountRights, mountWayOf, parseMountWay } from './mount-way.ts';

it('keeps what is for root from others, and says which word of the command that is', () => {
  const refused = (flag: string) =>
    expect.objectContaining({
      code: 'ERR_RAM_NOT_PERMITTED',
      message: `${flag} is for root`,
      hint: expect.stringContaining(`without ${flag}`),
    });
  expect(() => checkMountRights({ suid: true, dev: true }, 1000)).toThrow(refused('--suid'));
  expect(() => checkMountRights({ dev: true }, 1000)).toThrow(refused('--dev'));
  expect(() => checkMountRights({ suid: true, dev: true }, 0)).not.toThrow();
  expect(() => checkMountRights({ suid: false }, 1000)).not.toThrow();
});

it('takes its own out of a request', () => {
  const way = { io: 'direct', nonempty: true, defaultPermissions: false } as const;
  expect(mountWayOf({ ...way, name: 'x', locks: undefined } as never)).toEqual(way);
});

it('refuses set-id bits and devices where others get in and nobody is checked', () => {
  const refused = expect.objectContaining({
    code: 'ERR_RAM_USAGE',
    message: '--suid with --no-default-permissions would make root of any user',
    hint: expect.stringContaining('--no-allow-other'),
  });
  const open = { suid: true, defaultPermissions: false };
  expect(() => parseMountWay(open)).toThrow(refused);
  expect(() => parseMountWay({ ...open, allowOther: true })).toThrow(refused);
  expect(() => parseMountWay({ dev: true, defaultPermissions: false })).toThrow(/^--dev with/);
  expect(parseMountWay({ ...open, allowOther: false })).toEqual({ ...open, allowOther: false });
  expect(parseMountWay({ suid: true, dev: true })).toEqual({ suid: true, dev: true });
  expect(parseMountWay({ defaultPermissions: false })).toEqual({ defaultPermissions: false });
});
