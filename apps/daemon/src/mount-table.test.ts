import { describe, expect, it } from 'vitest';
import { isRamMount, mountAt, mountOf, parseMountTable, readMountTable } from './mount-table.ts';

const lines = [
  '22 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw',
  String.raw`43 22 0:40 / /tmp/a\040b\134c\011d rw,nosuid,nodev - fuse.ram my\040disk rw,user_id=0`,
  '44 22 0:41 / /mnt rw - tmpfs tmpfs rw',
  '45 44 0:42 / /mnt rw - fuse.ram upper rw',
];

describe('parseMountTable', () => {
  it('decodes octal escapes and passes optional fields over', () => {
    expect(parseMountTable(lines.join('\n')).slice(0, 2)).toEqual([
      {
        id: 22,
        device: '254:0',
        directory: '/',
        options: ['rw', 'relatime'],
        type: 'ext4',
        source: '/dev/vda',
      },
      {
        id: 43,
        device: '0:40',
        directory: '/tmp/a b\\c\td',
        options: ['rw', 'nosuid', 'nodev'],
        type: 'fuse.ram',
        source: 'my disk',
      },
    ]);
  });

  it('decodes names in UTF-8', () => {
    const bytes = Buffer.from('43 22 0:40 / /tmp/ü rw - fuse.ram x rw');
    expect(parseMountTable(bytes.toString('latin1'))[0]?.directory).toBe('/tmp/ü');
  });

  it('leaves out what is no line of a mount table', () => {
    expect(parseMountTable('\nnonsense\n1 2 3:4 / /x rw\n')).toEqual([]);
  });

  it('reads the table of this process', () => {
    expect(mountAt('/')?.directory).toBe('/');
    expect(readMountTable().length).toBeGreaterThan(1);
  });
});

describe('mountAt', () => {
  it('gives the upper of two mounts on one directory', () => {
    const table = parseMountTable(lines.join('\n'));
    expect(mountAt('/mnt', table)?.source).toBe('upper');
    expect(mountAt('/elsewhere', table)).toBeUndefined();
  });
});

describe('mountOf', () => {
  const table = parseMountTable(lines.join('\n'));

  it('gives the disk at a directory, unless its device is another one', () => {
    const directory = '/mnt';
    expect(mountOf({ directory, device: '0:42' }, table)?.source).toBe('upper');
    expect(mountOf({ directory }, table)?.source).toBe('upper');
    expect(mountOf({ directory, device: '0:40' }, table)).toBeUndefined();
  });

  it('gives no mount of another type, and none where there is none', () => {
    expect(mountOf({ directory: '/', device: '254:0' }, table)).toBeUndefined();
    expect(mountOf({ directory: '/none' }, table)).toBeUndefined();
  });
});

describe('isRamMount', () => {
  it('knows our disks by their type', () => {
    const table = parseMountTable(lines.join('\n'));
    expect(table.map(isRamMount)).toEqual([false, true, false, true]);
  });
});
