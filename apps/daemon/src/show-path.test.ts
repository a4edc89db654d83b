import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { showPath } from './show-path.ts';

describe('showPath', () => {
  it('leaves plain paths as they are', () => {
    expect(showPath('/tmp/my-disk_1.x')).toBe('/tmp/my-disk_1.x');
  });

  it.each(['/tmp/a b', "/it's", '/a\nb', "/\u001b[31m'\\", '/ü', '$(x)', ''])(
    'writes %j on one line, as a shell reads it',
    (path) => {
      const shown = showPath(path);
      // eslint-disable-next-line no-control-regex
      expect(shown).not.toMatch(/[\u0000-\u001f]/);
      const read = execFileSync('bash', ['-c', `printf %s ${shown}`], { encoding: 'utf8' });
      expect(read).toBe(path);
    },
  );
});
