import { expect, it } from 'vitest';
import { formatTable } from './table.ts';

it('makes columns as wide as they need to be', () => {
  const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' as const }, { title: 'X' }];
  const rows = [
    ['a-long-name', '1', ''],
    ['b', '1000000', 'end'],
  ];
  expect(formatTable(columns, rows)).toBe(
    'NAME            SIZE  X\na-long-name        1\nb            1000000  end\n',
  );
});
