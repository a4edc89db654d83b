// What a new size leaves of set-id bits, by who asks for it.
import { deepEqual } from 'node:assert/strict';
import { team, users } from '../src/client.ts';
import type { Client } from '../src/client.ts';
import { O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

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

export const setIdTruncationRules = rules('set-id bits', Object.fromEntries(truncatedBy));
