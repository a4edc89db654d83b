import { expect, it } from 'vitest';
import { findMount, isFuse, parseMountTable } from './mount-table.ts';

const lines = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
  '36 22 0:40 / /mnt/ram rw,nosuid,nodev - fuse.ram my\\040disk rw,user_id=0',
  '37 22 0:41 / /mnt/sp\\040ace\\134x rw shared:5 master:1 - fuse /dev/fuse rw',
  '',
  'not a line',
].join('\n');

it('parses type, source, device and octal escapes', () => {
  expect(parseMountTable(lines).slice(1)).toEqual([
    { directory: '/mnt/ram', type: 'fuse.ram', source: 'my disk', device: 40, major: 0 },
    { directory: '/mnt/sp ace\\x', type: 'fuse', source: '/dev/fuse', device: 41, major: 0 },
  ]);
});

it('tells whom a mount lets in alone', () => {
  const end = 'fuse.ram ram rw,user_id=65534,group_id=7';
  const [own, shared] = parseMountTable(
    [`36 22 0:40 / /own rw - ${end}`, `37 22 0:41 / /all rw - ${end},allow_other`].join('\n'),
  );
  expect(own?.owner).toEqual({ uid: 65534, gid: 7 });
  expect(shared?.owner).toBeUndefined();
});

it('tells FUSE from other types', () => {
  expect(parseMountTable(lines).map(isFuse)).toEqual([false, true, true]);
});

it('keeps names that are not ASCII', () => {
  const line = Buffer.from('36 22 0:40 / /mnt/grün rw - fuse.ram ram rw').toString('latin1');
  expect(parseMountTable(line)[0]?.directory).toBe('/mnt/grün');
});

it('finds /proc in the table of this process', async () => {
  expect(await findMount('/proc')).toMatchObject({ type: 'proc' });
  expect(await findMount('/no/such/mount')).toBeUndefined();
});
