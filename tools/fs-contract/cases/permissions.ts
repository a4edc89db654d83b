import { deepEqual, equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import type { Client } from '../src/client.ts';
import { AT, O, OK } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

/** Whether each of read, write, execute is granted. */
function granted(fs: Client, path: string): string {
  const letters = { r: OK.R, w: OK.W, x: OK.X };
  return Object.entries(letters)
    .map(([letter, mode]) => {
      try {
        fs.access(path, mode);
        return letter;
      } catch (error) {
        if ((error as { code?: string }).code === 'EACCES') return '-';
        throw error;
      }
    })
    .join('');
}

export const accessRules = rules('access', {
  'F_OK asks whether the name is there': (fs) => {
    fs.create('f', '', 0);
    fs.access('f', OK.F);
    fs.fails('ENOENT').access('none', OK.F);
  },
  'the owner has the bits of the owner, also when others have more': (fs) => {
    fs.as('alice').create('f');
    fs.as('alice').chmod('f', 0o477);
    equal(granted(fs.as('alice'), 'f'), 'r--');
  },
  'a member of the group has the bits of the group, also when others have more': asRoot((fs) => {
    fs.create('f');
    fs.chown('f', 0, team);
    fs.chmod('f', 0o757);
    equal(granted(fs.as('alice'), 'f'), 'r-x');
    equal(granted(fs.as('bob'), 'f'), 'rwx');
  }),
  'others have the bits of others': (fs) => {
    fs.as('root').create('f');
    fs.chmod('f', 0o776);
    equal(granted(fs.as('bob'), 'f'), 'rw-');
  },
  'root may read and write, and execute where anybody may': asRoot((fs) => {
    fs.create('f', '', 0);
    equal(granted(fs, 'f'), 'rw-');
    fs.chmod('f', 0o001);
    equal(granted(fs, 'f'), 'rwx');
    fs.mkdir('d', 0);
    equal(granted(fs, 'd'), 'rwx');
  }),
  'root without CAP_DAC_OVERRIDE is as others': asRoot((fs) => {
    fs.as('alice').create('f', '', 0o600);
    equal(granted(fs.as('root', ['DAC_OVERRIDE', 'DAC_READ_SEARCH']), 'f'), '---');
  }),
  'several at once are all or nothing': (fs) => {
    fs.as('root').create('f', '', 0o644);
    const alice = fs.as('alice');
    alice.access('f', OK.R);
    alice.fails('EACCES').access('f', OK.R | OK.W);
  },
  'follows symbolic links, with AT_SYMLINK_NOFOLLOW it does not': (fs) => {
    fs.symlink('none', 'l');
    fs.fails('ENOENT').access('l', OK.F);
    fs.accessWith('l', OK.F, AT.SYMLINK_NOFOLLOW);
  },
  'of an unknown mode is EINVAL': (fs) => {
    fs.create('f');
    fs.fails('EINVAL').access('f', 8);
  },
  'without search permission on the way is EACCES': (fs) => {
    fs.as('root').mkdir('d', 0o766);
    fs.create('d/f', '', 0o666);
    fs.as('alice').fails('EACCES').access('d/f', OK.F);
  },
  'below a file is ENOTDIR, of a loop ELOOP': (fs) => {
    fs.create('f');
    fs.symlink('l', 'l');
    fs.fails('ENOTDIR').access('f/x', OK.F);
    fs.fails('ELOOP').access('l', OK.F);
  },
  'agrees with what open does': (fs) => {
    fs.as('root').create('f');
    const alice = fs.as('alice');
    for (const mode of [0o600, 0o604, 0o602, 0o606]) {
      fs.chmod('f', mode);
      for (const [ask, flags] of [
        [OK.R, O.RDONLY],
        [OK.W, O.WRONLY],
      ] as const) {
        const may = (mode & ask) !== 0;
        if (may) alice.close(alice.open('f', flags));
        else alice.fails('EACCES').open('f', flags);
        if (may) alice.access('f', ask);
        else alice.fails('EACCES').access('f', ask);
      }
    }
  },
  'changes at once with the mode, also for who had looked before': (fs) => {
    fs.as('root').create('f', 'x', 0o644);
    const alice = fs.as('alice');
    equal(alice.content('f'), 'x');
    fs.chmod('f', 0o600);
    alice.fails('EACCES').open('f', O.RDONLY);
    fs.chmod('f', 0o644);
    equal(alice.content('f'), 'x');
  },
  'changes at once with the mode of a directory on the way': (fs) => {
    fs.as('root').mkdir('d', 0o755);
    fs.create('d/f', 'x', 0o644);
    const alice = fs.as('alice');
    equal(alice.content('d/f'), 'x');
    fs.chmod('d', 0o700);
    alice.fails('EACCES').stat('d/f');
    fs.chmod('d', 0o755);
    equal(alice.content('d/f'), 'x');
  },
  'changes at once with the owner': asRoot((fs) => {
    fs.create('f', 'x', 0o600);
    const alice = fs.as('alice');
    alice.fails('EACCES').open('f', O.RDONLY);
    fs.chown('f', 2001, undefined);
    equal(alice.content('f'), 'x');
  }),
  'a supplementary group is as good as the first': asRoot((fs) => {
    fs.create('f', 'x', 0o640);
    fs.chown('f', 0, team);
    equal(fs.as('carol').content('f'), 'x');
    fs.as('bob').fails('EACCES').open('f', O.RDONLY);
  }),
});

/** A sticky directory of root, with a file of each user. */
function stickyDirectory(fs: Client): void {
  fs.mkdir('d');
  fs.chmod('d', 0o1777);
  for (const user of ['root', 'alice', 'bob'] as const)
    fs.as(user).create(`d/${user}`, user, 0o666);
}

export const stickyRules = rules('sticky', {
  'unlink of a stranger’s file is EPERM': (fs) => {
    stickyDirectory(fs);
    fs.as('alice').fails('EPERM').unlink('d/bob');
    fs.as('alice').fails('EPERM').unlink('d/root');
    equal(fs.exists('d/bob'), true);
  },
  'unlink of an own file is allowed': (fs) => {
    stickyDirectory(fs);
    fs.as('alice').unlink('d/alice');
    equal(fs.exists('d/alice'), false);
  },
  'the owner of the directory may unlink everything': asRoot((fs) => {
    stickyDirectory(fs);
    fs.chown('d', 2001, undefined);
    fs.as('alice').unlink('d/bob');
    fs.as('alice').unlink('d/root');
    deepEqual(fs.list('d'), ['alice']);
  }),
  'root may unlink everything, not without CAP_FOWNER': (fs) => {
    stickyDirectory(fs);
    fs.unlink('d/bob');
    fs.as('alice').chmod('d/alice', 0o600);
    fs.as('root').chown('d', 2002, undefined);
    fs.as('root', ['FOWNER']).fails('EPERM').unlink('d/alice');
  },
  'rename of a stranger’s file is EPERM, also within the directory': (fs) => {
    stickyDirectory(fs);
    fs.as('alice').fails('EPERM').rename('d/bob', 'd/mine');
    fs.as('alice').fails('EPERM').rename('d/bob', 'mine');
  },
  'rename onto a stranger’s file is EPERM': (fs) => {
    stickyDirectory(fs);
    fs.as('alice').fails('EPERM').rename('d/alice', 'd/bob');
    equal(fs.content('d/bob'), 'bob');
  },
  'rename of an own file is allowed': (fs) => {
    stickyDirectory(fs);
    fs.as('alice').rename('d/alice', 'd/other');
    equal(fs.content('d/other'), 'alice');
  },
  'rmdir of a stranger’s directory is EPERM': (fs) => {
    stickyDirectory(fs);
    fs.as('bob').mkdir('d/sub', 0o777);
    fs.as('alice').fails('EPERM').rmdir('d/sub');
    fs.as('bob').rmdir('d/sub');
    equal(fs.exists('d/sub'), false);
  },
  'it does not keep from writing and linking': (fs) => {
    stickyDirectory(fs);
    const alice = fs.as('alice');
    alice.write(alice.open('d/bob', O.WRONLY), 'BOB');
    equal(fs.content('d/bob'), 'BOB');
    alice.create('d/new');
    deepEqual(fs.list('d'), ['alice', 'bob', 'new', 'root']);
  },
});
