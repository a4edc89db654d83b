import { expect, it } from 'vitest';
import { checkMountRights, mountWayOf } from './mount-way.ts';

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
