// chown, and the set-id bits and capabilities that it and strangers' writes take away.
import { deepEqual, equal } from 'node:assert/strict';
import { team, users } from '../src/client.ts';
import type { Client } from '../src/client.ts';
import { FALLOCATE, O, PROT } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const setId = 0o6755;

/** An executable of root with both set-id bits. */
function withSetId(fs: Client, mode = setId): void {
  fs.create('f', 'x'.repeat(100));
  fs.chmod('f', mode);
}

export const chownRules = rules('chown', {
  'sets user and group, or leaves either': asRoot((fs) => {
    fs.create('f');
    const owners = () => [fs.stat('f').uid, fs.stat('f').gid];
    fs.chown('f', 7, 8);
    deepEqual(owners(), [7, 8]);
    fs.chown('f', undefined, 9);
    deepEqual(owners(), [7, 9]);
    fs.chown('f', 5, undefined);
    deepEqual(owners(), [5, 9]);
  }),
  'takes numbers of 32 bits': asRoot((fs) => {
    fs.create('f');
    fs.chown('f', 0xffff_fffe, 70_000);
    deepEqual([fs.stat('f').uid, fs.stat('f').gid], [0xffff_fffe, 70_000]);
  }),
  'follows symbolic links, lchown does not': asRoot((fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.chown('l', 7, 7);
    fs.lchown('l', 8, 8);
    deepEqual([fs.stat('f').uid, fs.lstat('l').uid], [7, 8]);
  }),
  'of a descriptor is of its file': asRoot((fs) => {
    fs.create('f');
    fs.fchown(fs.open('f', O.RDONLY), 7, 8);
    deepEqual([fs.stat('f').uid, fs.stat('f').gid], [7, 8]);
  }),
  'changes ctime alone': asRoot((fs) => {
    fs.create('f');
    equal(
      fs.touched('f', () => fs.chown('f', 7, 8)),
      'ctime',
    );
  }),
  'of neither user nor group changes nothing but ctime': (fs) => {
    fs.create('f');
    const { uid, gid, mode } = fs.stat('f');
    equal(
      fs.touched('f', () => fs.chown('f', undefined, undefined)),
      'ctime',
    );
    const after = fs.stat('f');
    deepEqual([after.uid, after.gid, after.mode], [uid, gid, mode]);
  },
  'of a name that is not there is ENOENT': (fs) => {
    fs.fails('ENOENT').chown('none', undefined, undefined);
    fs.fails('ENOENT').lchown('none', undefined, undefined);
  },
  'below a file is ENOTDIR, of a loop ELOOP': (fs) => {
    fs.create('f');
    fs.symlink('l', 'l');
    fs.fails('ENOTDIR').chown('f/x', 0, 0);
    fs.fails('ELOOP').chown('l', 0, 0);
  },
  'of no descriptor is EBADF': (fs) => fs.fails('EBADF').fchown(1000, undefined, undefined),
  'to another user by a plain owner is EPERM': (fs) => {
    const alice = fs.as('alice');
    alice.create('f');
    alice.fails('EPERM').chown('f', 2002, undefined);
    alice.chown('f', 2001, undefined);
  },
  'to a group of the owner is allowed, to another EPERM': (fs) => {
    const alice = fs.as('alice');
    alice.create('f');
    alice.chown('f', undefined, team);
    equal(fs.stat('f').gid, team);
    alice.fails('EPERM').chown('f', undefined, 2002);
  },
  'by a stranger is EPERM, also to what it is': (fs) => {
    fs.create('f', '', 0o666);
    fs.as('alice').fails('EPERM').chown('f', undefined, team);
    fs.as('alice').fails('EPERM').chown('f', 0, 0);
  },
  'by root without CAP_CHOWN is EPERM': (fs) => {
    fs.as('root').create('f');
    fs.as('root', ['CHOWN']).fails('EPERM').chown('f', 7, undefined);
  },
  'by a plain owner takes set-id bits away': (fs) => {
    const alice = fs.as('alice');
    alice.create('f');
    alice.chmod('f', setId);
    alice.chown('f', undefined, team);
    equal(fs.stat('f').mode, 0o755);
  },
  'by root takes set-id bits away too': asRoot((fs) => {
    withSetId(fs);
    fs.chown('f', 7, 8);
    equal(fs.stat('f').mode, 0o755);
  }),
  'keeps set-gid where the group may not execute': asRoot((fs) => {
    withSetId(fs, 0o2745);
    fs.chown('f', 7, 8);
    equal(fs.stat('f').mode, 0o2745);
  }),
  'keeps that bit for root with CAP_FSETID alone, which is not in the group': asRoot((fs) => {
    fs.create('f');
    fs.chown('f', 7, 7);
    const modes = [fs, fs.as('root', ['FSETID'])].map((by) => {
      fs.chmod('f', 0o6745);
      by.chown('f', 8, undefined);
      return fs.stat('f').mode;
    });
    deepEqual(modes, [0o2745, 0o745]);
  }),
  'keeps that bit for an owner in the group alone': asRoot((fs) => {
    fs.create('f');
    const modes = [team, 7].map((gid) => {
      fs.chown('f', 2001, gid);
      fs.chmod('f', 0o6745);
      fs.as('alice').chown('f', undefined, 2001);
      return fs.stat('f').mode;
    });
    deepEqual(modes, [0o2745, 0o745]);
  }),
  'of neither keeps that bit for root with CAP_FSETID alone, which is not in the group': asRoot(
    (fs) => {
      fs.create('f');
      fs.chown('f', 7, 7);
      const modes = [fs, fs.as('root', ['FSETID'])].map((by) => {
        fs.chmod('f', 0o6745);
        by.chown('f', undefined, undefined);
        return fs.stat('f').mode;
      });
      deepEqual(modes, [0o2745, 0o745]);
    },
  ),
  'of a directory keeps set-id bits': asRoot((fs) => {
    fs.mkdir('d');
    fs.chmod('d', 0o6755);
    fs.chown('d', 7, 8);
    equal(fs.stat('d').mode, 0o6755);
  }),
  'of neither by the owner takes set-id bits away': (fs) => {
    const alice = fs.as('alice');
    alice.create('f');
    alice.chmod('f', setId);
    alice.chown('f', undefined, undefined);
    equal(fs.stat('f').mode, 0o755);
  },
  'of neither by a stranger changes ctime alone': asRoot((fs) => {
    fs.create('f', '', 0o755);
    const changed = fs.touched('f', () => fs.as('alice').chown('f', undefined, undefined));
    equal(changed, 'ctime');
  }),
  'of neither by a stranger is EPERM where there are set-id bits to take away': asRoot((fs) => {
    withSetId(fs);
    fs.as('alice').fails('EPERM').chown('f', undefined, undefined);
    equal(fs.stat('f').mode, setId);
  }),
  'of neither by a stranger is EPERM also while somebody writes': asRoot((fs) => {
    withSetId(fs);
    fs.open('f', O.WRONLY);
    fs.as('alice').fails('EPERM').chown('f', undefined, undefined);
    equal(fs.stat('f').mode, setId);
  }),
  'takes file capabilities away': asRoot((fs) => {
    fs.create('f', '', 0o755);
    fs.setxattr('f', 'security.capability', capability);
    fs.chown('f', 7, undefined);
    fs.fails('ENODATA').getxattr('f', 'security.capability');
  }),
});

/** struct vfs_cap_data, version 2: cap_net_raw+ep */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

/** Ways to change a file's content, by who may write it. */
const changes: Record<string, (fs: Client) => void> = {
  write: (fs) => void fs.write(fs.open('f', O.WRONLY), 'y'),
  pwrite: (fs) => void fs.pwrite(fs.open('f', O.WRONLY), 'y', 50),
  writev: (fs) => void fs.writev(fs.open('f', O.WRONLY), ['y', 'z']),
  append: (fs) => void fs.write(fs.open('f', O.WRONLY | O.APPEND), 'y'),
  truncate: (fs) => fs.truncate('f', 10),
  'truncate to the same size': (fs) => fs.truncate('f', 100),
  ftruncate: (fs) => fs.ftruncate(fs.open('f', O.WRONLY), 10),
  'open with O_TRUNC': (fs) => void fs.open('f', O.WRONLY | O.TRUNC),
  fallocate: (fs) => fs.fallocate(fs.open('f', O.WRONLY), 0, 0, 1000),
  'a punched hole': (fs) =>
    fs.fallocate(fs.open('f', O.WRONLY), FALLOCATE.PUNCH_HOLE | FALLOCATE.KEEP_SIZE, 0, 10),
  copy_file_range: (fs) => {
    fs.create('source', 'content');
    fs.copyFileRange(fs.open('source', O.RDONLY), 0, fs.open('f', O.WRONLY), 0, 7);
  },
  sendfile: (fs) => {
    fs.create('source', 'content');
    fs.sendfile(fs.open('f', O.WRONLY), fs.open('source', O.RDONLY), 0, 7);
  },
};

const byStrangers = Object.entries(changes).map(([how, change]) => [
  `are taken away by ${how} of a stranger`,
  asRoot((fs) => {
    withSetId(fs);
    fs.chmod('f', 0o6777);
    equal(fs.stat('f').mode, 0o6777);
    change(fs.as('alice'));
    equal(fs.stat('f').mode, 0o777);
  }),
]);

const capabilitiesByStrangers = Object.entries(changes).map(([how, change]) => [
  `file capabilities are taken away by ${how} of a stranger`,
  asRoot((fs) => {
    withSetId(fs, 0o777);
    fs.setxattr('f', 'security.capability', capability);
    equal(fs.getxattr('f', 'security.capability').length, capability.length);
    change(fs.as('alice'));
    fs.fails('ENODATA').getxattr('f', 'security.capability');
  }),
]);

const modes = [0o2767, 0o2777, 0o4767, 0o6767, 0o6777, 0o767];

/** What is left of `modes`, by who changes a file of bob's and his group's. S_ISGID where the group
 * may not execute stays for who is in that group. */
const left = {
  none: ['767', '777', '767', '767', '777', '767'],
  ofMember: ['2767', '777', '767', '2767', '777', '767'],
  all: ['2767', '2777', '4767', '6767', '6777', '767'],
};

interface Changer {
  as(fs: Client): Client;
  uid: number;
  gid: number;
  leaves: readonly string[];
}

const { alice, bob } = users;
const changers: Record<string, Changer> = {
  'a stranger': { as: (fs) => fs.as('alice'), ...bob, leaves: left.none },
  'an owner outside of the group': { as: (fs) => fs.as('bob'), ...bob, gid: 9, leaves: left.none },
  'an owner in the group': { as: (fs) => fs.as('bob'), ...bob, leaves: left.ofMember },
  'a member of the group': {
    as: (fs) => fs.as('alice'),
    ...bob,
    gid: alice.gid,
    leaves: left.ofMember,
  },
  'a member of the group, which is not the first': {
    as: (fs) => fs.as('alice'),
    ...bob,
    gid: team,
    leaves: left.ofMember,
  },
  root: { as: (fs) => fs, ...bob, leaves: left.all },
  'root without CAP_FSETID': {
    as: (fs) => fs.as('root', ['FSETID']),
    ...bob,
    leaves: left.none,
  },
  'root without CAP_FSETID, in the group': {
    as: (fs) => fs.as('root', ['FSETID']),
    ...bob,
    gid: 0,
    leaves: left.ofMember,
  },
};

/** The modes after `change` by such a one. */
function modesAfter(fs: Client, changer: Changer, change: (by: Client) => void): string[] {
  const by = changer.as(fs);
  fs.create('f', 'x'.repeat(100));
  fs.chown('f', changer.uid, changer.gid);
  return modes.map((mode) => {
    fs.chmod('f', mode);
    change(by);
    return fs.stat('f').mode.toString(8);
  });
}

const truncations = {
  truncate: (by: Client) => by.truncate('f', 10),
  'truncate to the same size': (by: Client) => by.truncate('f', 100),
  ftruncate: (by: Client) => by.ftruncate(by.open('f', O.WRONLY), 10),
};

const truncatedBy = Object.entries(truncations).flatMap(([how, change]) =>
  Object.entries(changers).map(([who, changer]) => [
    `what ${how} by ${who} leaves of them`,
    asRoot((fs) => deepEqual(modesAfter(fs, changer, change), changer.leaves)),
  ]),
);

export const setIdRules = rules('set-id bits', {
  ...Object.fromEntries(truncatedBy),
  ...Object.fromEntries(byStrangers),
  ...Object.fromEntries(capabilitiesByStrangers),
  'are kept by a store through a mapping, also of a stranger': asRoot((fs) => {
    withSetId(fs, 0o6777);
    fs.setxattr('f', 'security.capability', capability);
    const alice = fs.as('alice');
    const address = alice.mmap(alice.open('f', O.RDWR), 100, PROT.READ | PROT.WRITE);
    alice.poke(address, 'stored');
    alice.msync(address, 100);
    alice.munmap(address, 100);
    equal(fs.content('f').slice(0, 7), 'storedx');
    equal(fs.stat('f').mode, 0o6777);
    equal(fs.getxattr('f', 'security.capability').length, capability.length);
  }),
  'are taken away through a descriptor that a stranger got before': asRoot((fs) => {
    fs.create('f', 'x', 0o666);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.WRONLY);
    fs.chmod('f', setId);
    alice.write(fd, 'y');
    equal(fs.stat('f').mode, 0o755);
    fs.chmod('f', setId);
    alice.ftruncate(fd, 0);
    equal(fs.stat('f').mode, 0o755);
    fs.chmod('f', setId);
    alice.fallocate(fd, 0, 0, 100);
    equal(fs.stat('f').mode, 0o755);
  }),
  'are kept when root writes': asRoot((fs) => {
    withSetId(fs);
    fs.write(fs.open('f', O.WRONLY), 'y');
    fs.truncate('f', 10);
    equal(fs.stat('f').mode, setId);
  }),
  'are taken away when the owner writes': (fs) => {
    const alice = fs.as('alice');
    withSetId(alice);
    alice.write(alice.open('f', O.WRONLY), 'y');
    equal(fs.stat('f').mode, 0o755);
  },
  'are taken away when root writes without CAP_FSETID': asRoot((fs) => {
    withSetId(fs);
    const weak = fs.as('root', ['FSETID']);
    weak.write(weak.open('f', O.WRONLY), 'y');
    equal(fs.stat('f').mode, 0o755);
  }),
  'set-gid without execution by the group stays when its member writes': asRoot((fs) => {
    withSetId(fs);
    fs.chown('f', undefined, 2001);
    fs.chmod('f', 0o2666);
    const alice = fs.as('alice');
    alice.write(alice.open('f', O.WRONLY), 'y');
    equal(fs.stat('f').mode, 0o2666);
  }),
  'set-gid without execution by the group stays when one of further groups writes': asRoot((fs) => {
    withSetId(fs);
    fs.chown('f', undefined, team);
    fs.chmod('f', 0o2666);
    const alice = fs.as('alice');
    alice.write(alice.open('f', O.WRONLY), 'y');
    equal(fs.stat('f').mode, 0o2666);
  }),
  'set-gid without execution by the group is taken away when a stranger writes': asRoot((fs) => {
    withSetId(fs);
    fs.chmod('f', 0o2666);
    const bob = fs.as('bob');
    bob.write(bob.open('f', O.WRONLY), 'y');
    equal(fs.stat('f').mode, 0o666);
  }),
  'are kept by a write of nothing': asRoot((fs) => {
    withSetId(fs, 0o6777);
    const bob = fs.as('bob');
    bob.write(bob.open('f', O.WRONLY), '');
    equal(fs.stat('f').mode, 0o6777);
  }),
  'are kept by reading, renaming and linking': asRoot((fs) => {
    withSetId(fs);
    fs.content('f');
    fs.rename('f', 'g');
    fs.link('g', 'h');
    equal(fs.stat('h').mode, setId);
  }),
  'file capabilities are taken away by a write, also of root': asRoot((fs) => {
    fs.create('f', 'x', 0o777);
    fs.setxattr('f', 'security.capability', capability);
    fs.pwrite(fs.open('f', O.WRONLY), 'y', 0);
    fs.fails('ENODATA').getxattr('f', 'security.capability');
  }),
  'file capabilities are taken away by truncate': asRoot((fs) => {
    fs.create('f', 'x', 0o777);
    fs.setxattr('f', 'security.capability', capability);
    fs.truncate('f', 0);
    fs.fails('ENODATA').getxattr('f', 'security.capability');
  }),
  'a set-uid program runs as its owner': asRoot((fs) => {
    fs.create('f', '#!/bin/true', 0o755);
    equal(fs.as('alice').run('./f'), 0);
    fs.chmod('f', 0o700);
    fs.as('alice').fails('EACCES').run('./f');
  }),
});
