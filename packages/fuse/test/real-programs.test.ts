// What people run on a disk.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import type { MountOptions } from '../src/index.ts';
import { Server, makeFolder, program, programPath, run } from './support.ts';

const sources = fileURLToPath(new URL('..', import.meta.url));

describe.each<MountOptions>([{ io: 'passthrough' }, { io: 'cached' }, { io: 'direct' }])(
  'on a mount with %j',
  (options) => {
    async function onMount(body: (folder: string) => Promise<void>) {
      const folder = makeFolder();
      const server = await Server.start(folder, options);
      await body(folder);
      await server.stop();
    }
    const shell = (folder: string, script: string) =>
      run('bash', ['-e', '-c', script], { cwd: folder });

    program('git').it(
      'git keeps a repository',
      async () => {
        await onMount(async (folder) => {
          const copy = `cp -r ${join(sources, 'src')} ${join(sources, 'native')} .`;
          const identity = '-c user.name=x -c user.email=x@example.org';
          await shell(folder, `git init -q . && ${copy} && git add -A`);
          await shell(folder, `git ${identity} commit -q -m one && git fsck --strict`);
          await shell(folder, 'git gc -q && git status --porcelain && git clone -q . clone');
          expect(await shell(folder, 'git -C clone status --porcelain')).toBe('');
          expect(await shell(folder, `diff -r src ${join(sources, 'src')}`)).toBe('');
        });
      },
      90_000,
    );

    program('sqlite3').it(
      'SQLite with a write-ahead log in shared memory',
      async () => {
        await onMount(async (folder) => {
          const rows =
            'with recursive n(i) as (select 1 union all select i+1 from n where i<20000) ' +
            'insert into t select i, hex(randomblob(20)) from n';
          const sql = `pragma journal_mode=wal; pragma mmap_size=67108864;
        create table t(a integer primary key, b text); ${rows}; create index tb on t(b);
        update t set b = b || 'x' where a % 3 = 0; delete from t where a % 5 = 0;
        select count(*) from t; pragma integrity_check;`;
          writeFileSync(join(folder, 'in.sql'), sql);
          const output = await shell(folder, 'sqlite3 db < in.sql');
          expect(output.trim().split('\n').slice(-2)).toEqual(['16000', 'ok']);
          expect(await shell(folder, 'sqlite3 db "pragma integrity_check"')).toBe('ok\n');
        });
      },
      90_000,
    );

    program('g++').it(
      'a C++ program is compiled and runs',
      async () => {
        await onMount(async (folder) => {
          const code = '#include <iostream>\nint main() { std::cout << "built\\n"; }\n';
          writeFileSync(join(folder, 'main.cc'), code);
          expect(await shell(folder, 'g++ main.cc -o program && ./program')).toBe('built\n');
        });
      },
      90_000,
    );

    program('tar').it(
      'what goes in comes out with the same checksums',
      async () => {
        await onMount(async (folder) => {
          const tree = dirname(sources);
          const pack = `tar -C ${tree} -cf - --exclude=node_modules --exclude=build fuse errno`;
          await shell(folder, `${pack} | tar -xf -`);
          const sums = 'find . -type f -print0 | sort -z | xargs -0 sha256sum';
          const inside = await shell(folder, sums);
          const there = await run('bash', [
            '-c',
            `cd $1 && mkdir -p x && ${pack} | tar -C x -xf - && cd x && ${sums}`,
            'bash',
            makeFolder(),
          ]);
          expect(inside).toBe(there);
          expect(await shell(folder, `tar -cf - . | tar -tf - | wc -l`)).not.toBe('0\n');
        });
      },
      90_000,
    );

    program('python3').it(
      '32 processes create, rename, read and delete at once',
      async () => {
        await onMount(async (folder) => {
          const load = Array.from({ length: 32 }, (_, number) =>
            run('python3', [programPath('load.py'), folder, String(number), '2']),
          );
          for (const steps of await Promise.all(load)) expect(Number(steps)).toBeGreaterThan(0);
        });
      },
      90_000,
    );
  },
);
