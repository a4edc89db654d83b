// Programs that lie in the file system.
import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Client } from '../src/client.ts';
import { compileSystemCalls } from '../src/compile.ts';
import { O, ST } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

/** A copy of our own program, which tells its effective user or stays. */
function ownProgram(fs: Client, mode = 0o755): void {
  fs.create('program', readFileSync(compileSystemCalls()));
  fs.chmod('program', mode);
}

export const programRules = rules('programs', {
  'run, and tell how they ended': (fs) => {
    fs.create('good', '#!/bin/true', 0o755);
    fs.create('bad', '#!/bin/false', 0o755);
    deepEqual([fs.run('./good'), fs.run('./bad')], [0, 1]);
  },
  'need execute permission, root too: EACCES': (fs) => {
    fs.create('f', '#!/bin/true', 0o644);
    fs.fails('EACCES').run('./f');
    fs.chmod('f', 0o744);
    equal(fs.run('./f'), 0);
    fs.as('alice').fails('EACCES').run('./f');
  },
  'need no read permission': asRoot((fs) => {
    ownProgram(fs, 0o711);
    equal(fs.as('alice').run('./program'), 2001 % 256);
    fs.as('alice').fails('EACCES').open('program', O.RDONLY);
  }),
  'that are none are ENOEXEC, directories EACCES': (fs) => {
    fs.create('f', 'no program', 0o755);
    fs.mkdir('d');
    fs.fails('ENOEXEC').run('./f');
    fs.fails('EACCES').run('./d');
  },
  'whose interpreter is not there are ENOENT': (fs) => {
    fs.create('f', '#!/none', 0o755);
    fs.fails('ENOENT').run('./f');
  },
  'run by an interpreter in the same file system': (fs) => {
    ownProgram(fs);
    fs.create('script', `#!${fs.directory}/program`, 0o755);
    equal(fs.run('./script') < 256, true);
    fs.chmod('program', 0o644);
    fs.fails('EACCES').run('./script');
  },
  'with set-uid run as their owner': asRoot((fs) => {
    ownProgram(fs);
    equal(fs.as('bob').run('./program'), 2002 % 256);
    fs.chown('program', 2001, undefined);
    fs.chmod('program', 0o4755);
    equal(fs.as('bob').run('./program'), 2001 % 256);
  }),
  'on a mount with noexec are EACCES': (fs) => {
    fs.create('f', '#!/bin/true', 0o755);
    fs.fails('EACCES').run(`${fs.restricted}/f`);
    equal(fs.run('./f'), 0);
  },
  'on a mount with noexec are not mapped for execution: EPERM': (fs) => {
    fs.create('f', 'content', 0o755);
    fs.fails('EPERM').mmap(fs.open(`${fs.restricted}/f`, O.RDONLY), 4096, 5);
    equal(fs.peek(fs.mmap(fs.open('f', O.RDONLY), 4096, 5), 7).toString(), 'content');
  },
  'a mount with nosuid, nodev and noexec says so': (fs) => {
    const flags = fs.statfs(fs.restricted).flags ?? 0;
    const all = ST.NOSUID | ST.NODEV | ST.NOEXEC;
    equal(flags & all, all);
  },
  'that run are not written: ETXTBSY': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    fs.fails('ETXTBSY').open('program', O.WRONLY);
    fs.fails('ETXTBSY').open('program', O.RDWR);
    fs.fails('ETXTBSY').open('program', O.WRONLY | O.TRUNC);
    fs.stop(program);
    fs.open('program', O.WRONLY);
  },
  'that run are not truncated: ETXTBSY': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    const { size } = fs.stat('program');
    fs.fails('ETXTBSY').truncate('program', 0);
    fs.stop(program);
    equal(fs.stat('program').size, size);
  },
  'that run are not truncated by O_TRUNC for reading: ETXTBSY': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    const { size } = fs.stat('program');
    fs.fails('ETXTBSY').open('program', O.RDONLY | O.TRUNC);
    fs.stop(program);
    equal(fs.stat('program').size, size);
  },
  'that run can be read, renamed, removed and replaced': (fs) => {
    ownProgram(fs);
    const program = fs.start('./program');
    const size = fs.stat('program').size;
    equal(fs.pread(fs.open('program', O.RDONLY), 4, 0).toString('latin1'), '\u007fELF');
    fs.rename('program', 'other');
    fs.unlink('other');
    ownProgram(fs);
    fs.stop(program);
    equal(fs.stat('program').size, size);
  },
  'change no times but atime': (fs) => {
    ownProgram(fs);
    const { mtime, ctime } = fs.stat('program');
    fs.run('./program');
    deepEqual([fs.stat('program').mtime, fs.stat('program').ctime], [mtime, ctime]);
  },
  'written anew run as what they are now': (fs) => {
    for (const [text, status] of [
      ['#!/bin/true', 0],
      ['#!/bin/false', 1],
    ] as const) {
      const fd = fs.open('f', O.WRONLY | O.CREAT | O.TRUNC, 0o755);
      fs.write(fd, text);
      fs.close(fd);
      equal(fs.run('./f'), status);
    }
  },
});
