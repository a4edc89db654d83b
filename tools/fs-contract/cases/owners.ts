// chown, and what it takes away.
import { deepEqual, equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import { O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { capability, setId, withSetId } from '../src/set-id.ts';

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
