// Who may do what: users, groups and capabilities, call by call.
import { deepEqual, equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import type { Client } from '../src/client.ts';
import { O, RENAME } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

/** A directory of bob, sticky, with a file and a directory of alice in it. */
function stickyOfBob(fs: Client): void {
  fs.mkdir('d');
  fs.chown('d', 2002, undefined);
  fs.chmod('d', 0o1777);
  fs.as('alice').create('d/file', '', 0o666);
  fs.as('alice').mkdir('d/sub', 0o777);
  fs.as('carol').create('d/carol', '', 0o666);
}

export const stickyMoreRules = rules('sticky', {
  'rmdir by the owner of the directory above is allowed': asRoot((fs) => {
    stickyOfBob(fs);
    fs.as('bob').rmdir('d/sub');
    equal(fs.exists('d/sub'), false);
  }),
  'rmdir by a stranger is EPERM also where the directory is open to all': asRoot((fs) => {
    stickyOfBob(fs);
    fs.as('carol').fails('EPERM').rmdir('d/sub');
    equal(fs.exists('d/sub'), true);
  }),
  'rename out of it by the owner of the directory is allowed': asRoot((fs) => {
    stickyOfBob(fs);
    fs.as('bob').rename('d/file', 'out');
    equal(fs.stat('out').uid, 2001);
  }),
  'rename into it onto a stranger’s file is EPERM': asRoot((fs) => {
    stickyOfBob(fs);
    fs.as('carol').create('mine');
    fs.as('carol').fails('EPERM').rename('mine', 'd/file');
    fs.as('bob').create('bobs');
    fs.as('bob').rename('bobs', 'd/file');
    equal(fs.stat('d/file').uid, 2002);
  }),
  'EXCHANGE needs the right to remove both': asRoot((fs) => {
    stickyOfBob(fs);
    fs.as('carol').fails('EPERM').rename('d/carol', 'd/file', RENAME.EXCHANGE);
    fs.as('bob').rename('d/carol', 'd/file', RENAME.EXCHANGE);
    equal(fs.stat('d/file').uid, 2003);
  }),
  'a group member is a stranger too': asRoot((fs) => {
    stickyOfBob(fs);
    fs.chown('d', 0, team);
    fs.chmod('d', 0o1775);
    fs.as('carol').fails('EPERM').unlink('d/file');
    fs.as('carol').unlink('d/carol');
    equal(fs.exists('d/carol'), false);
  }),
  'without the bit strangers remove and rename': asRoot((fs) => {
    stickyOfBob(fs);
    fs.chmod('d', 0o777);
    fs.as('carol').unlink('d/file');
    fs.as('carol').rmdir('d/sub');
    deepEqual(fs.list('d'), ['carol']);
  }),
  'the bit takes effect at once': asRoot((fs) => {
    stickyOfBob(fs);
    fs.chmod('d', 0o777);
    fs.as('carol').rename('d/file', 'd/other');
    fs.chmod('d', 0o1777);
    fs.as('carol').fails('EPERM').rename('d/other', 'd/file');
  }),
});

type Attempt = (client: Client) => void;

/** What only the owner of `f`, and root with CAP_FOWNER, may do. */
const ofOwners: Readonly<Record<string, Attempt>> = {
  chmod: (client) => client.chmod('f', 0o640),
  'utimensat to a time': (client) => client.utimes('f', 5n, 5n),
  'open with O_NOATIME': (client) => client.open('f', O.RDONLY | O.NOATIME),
  fchmod: (client) => client.fchmod(client.open('f', O.RDONLY), 0o640),
  futimens: (client) => client.futimes(client.open('f', O.RDONLY), 5n, 5n),
};

const ownersOnly = Object.entries(ofOwners).flatMap(([name, attempt]) => [
  [
    `${name} by a stranger is EPERM`,
    (fs: Client) => {
      fs.as('root').create('f', '', 0o666);
      attempt(refusing(fs.as('alice'), 'EPERM'));
    },
  ],
  [
    `${name} by a member of the group is EPERM`,
    asRoot((fs) => {
      fs.create('f');
      fs.chown('f', 0, team);
      fs.chmod('f', 0o676);
      attempt(refusing(fs.as('alice'), 'EPERM'));
    }),
  ],
  [
    `${name} by root without CAP_FOWNER is EPERM`,
    asRoot((fs) => {
      fs.as('alice').create('f', '', 0o666);
      attempt(refusing(fs.as('root', ['FOWNER']), 'EPERM'));
      attempt(fs);
    }),
  ],
]) as [string, (fs: Client) => void][];

/** A client whose calls must be refused, except that it may open what is open to all. */
function refusing(client: Client, code: string): Client {
  const refused = client.fails(code) as unknown as Client;
  return new Proxy(client, {
    get: (target, name: keyof Client) => {
      if (name !== 'open') return refused[name];
      return (path: string, flags: number) =>
        (flags & O.NOATIME) === 0 ? target.open(path, flags) : refused.open(path, flags);
    },
  });
}

export const whoMayRules = rules('who may', {
  ...Object.fromEntries(ownersOnly),
  'chown to oneself by a stranger is EPERM': (fs) => {
    fs.as('root').create('f', '', 0o666);
    fs.as('alice').fails('EPERM').chown('f', 2001, undefined);
    fs.as('alice').fails('EPERM').chown('f', undefined, 2001);
  },
  'lchown of a stranger’s symbolic link is EPERM': (fs) => {
    fs.as('root').symlink('x', 'l');
    fs.as('alice').fails('EPERM').lchown('l', 2001, undefined);
  },
  'chown by CAP_CHOWN alone is allowed': asRoot((fs) => {
    fs.as('alice').create('f', '', 0o600);
    fs.as('root', ['FOWNER', 'DAC_OVERRIDE', 'DAC_READ_SEARCH']).chown('f', 2002, 2002);
    deepEqual([fs.stat('f').uid, fs.stat('f').gid], [2002, 2002]);
  }),
  'root without CAP_DAC_OVERRIDE but with CAP_DAC_READ_SEARCH reads and searches': asRoot((fs) => {
    const alice = fs.as('alice');
    alice.mkdir('d', 0o700);
    alice.create('d/f', 'content', 0o600);
    const reader = fs.as('root', ['DAC_OVERRIDE']);
    equal(reader.content('d/f'), 'content');
    deepEqual(reader.list('d'), ['f']);
    reader.fails('EACCES').open('d/f', O.WRONLY);
    reader.fails('EACCES').create('d/new');
  }),
  'root without both is as others': asRoot((fs) => {
    fs.as('alice').mkdir('d', 0o700);
    const weak = fs.as('root', ['DAC_OVERRIDE', 'DAC_READ_SEARCH']);
    weak.fails('EACCES').readdir('d');
    weak.fails('EACCES').stat('d/x');
  }),
  'a file of mode 0 is open to root': asRoot((fs) => {
    fs.as('alice').create('f', 'content', 0);
    equal(fs.content('f'), 'content');
    fs.pwrite(fs.open('f', O.WRONLY), 'C', 0);
    equal(fs.content('f'), 'Content');
  }),
  'the group decides for its members, also against them': asRoot((fs) => {
    fs.create('f', 'x');
    fs.chown('f', 0, team);
    fs.chmod('f', 0o606);
    fs.as('alice').fails('EACCES').open('f', O.RDONLY);
    equal(fs.as('bob').content('f'), 'x');
  }),
  'the owner decides for himself, also against him': (fs) => {
    const alice = fs.as('alice');
    alice.create('f', 'x', 0o666);
    alice.chmod('f', 0o066);
    alice.fails('EACCES').open('f', O.RDONLY);
    equal(fs.as('bob').content('f'), 'x');
  },
  'write without read permission appends and overwrites': (fs) => {
    fs.as('root').create('f', 'content', 0o622);
    const alice = fs.as('alice');
    alice.pwrite(alice.open('f', O.WRONLY), 'C', 0);
    alice.write(alice.open('f', O.WRONLY | O.APPEND), '!');
    equal(fs.content('f'), 'Content!');
  },
  'a directory that may be written but not searched takes no names': (fs) => {
    fs.as('root').mkdir('d', 0o772);
    fs.as('alice').fails('EACCES').create('d/f');
    fs.as('alice').fails('EACCES').mkdir('d/e');
  },
  'a directory that may be searched but not read gives what is asked by name': (fs) => {
    fs.as('root').mkdir('d', 0o711);
    fs.create('d/f', 'content', 0o644);
    equal(fs.as('alice').content('d/f'), 'content');
    fs.as('alice').fails('EACCES').readdir('d');
  },
  'unlink of a stranger’s file needs the directory only': (fs) => {
    fs.as('root').mkdir('d', 0o777);
    fs.create('d/f', '', 0o600);
    deepEqual(fs.list('d'), ['f']);
    fs.as('alice').unlink('d/f');
    deepEqual(fs.list('d'), []);
  },
  'access asks for the real user, AT_EACCESS for the effective one': asRoot((fs) => {
    fs.create('f', '', 0o600);
    const alice = fs.as('alice');
    alice.fails('EACCES').access('f', 4);
    alice.fails('EACCES').accessWith('f', 4, 0x200);
    fs.chmod('f', 0o604);
    alice.accessWith('f', 4, 0x200);
  }),
  'the umask is of the process that creates': (fs) => {
    const other = fs.another();
    fs.umask(0o077);
    fs.create('mine', '', 0o666);
    other.create('theirs', '', 0o666);
    deepEqual([fs.stat('mine').mode, fs.stat('theirs').mode], [0o600, 0o666]);
  },
});
