// Set-id bits and capabilities of a file, which strangers' writes take away.
import { equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import type { Client } from '../src/client.ts';
import { FALLOCATE, O, PROT } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { capability, setId, withSetId } from '../src/set-id.ts';

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

export const setIdRules = rules('set-id bits', {
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
