import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requirement } from '@ram/test-support';
import { createSandbox, fuse, users } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const limitMs = 300_000;

const has = (program: string) => {
  const { error } = spawnSync(program, ['--version']);
  return requirement(program, error === undefined, `install ${program}`);
};

const npm = (() => {
  const { status } = spawnSync('npm', ['ping'], { timeout: 100_000 });
  return requirement('npm registry', status === 0, 'npm ping fails: it needs the network');
})();

/** Runs a script with a disk of a gigabyte as its working directory, `$OUTSIDE` beside it. */
function onDisk(sandbox: () => Sandbox) {
  return async (script: string): Promise<string> => {
    const result = await sandbox().shell(`cd disk && set -euo pipefail; ${script}`, {
      timeoutMs: limitMs - 5_000,
      env: { OUTSIDE: join(sandbox().directory, 'outside') },
    });
    expect(result, result.stderr).toMatchObject({ code: 0, timedOut: false });
    return result.stdout;
  };
}

async function sandboxWithDisk(user: 'self' | 'plain'): Promise<Sandbox> {
  const sandbox = await createSandbox(user);
  await sandbox.shell('mkdir disk outside');
  const mounted = await sandbox.ram('mount', join(sandbox.directory, 'disk'), '--size', '1G');
  expect(mounted, mounted.stderr).toMatchObject({ code: 0 });
  return sandbox;
}

for (const { user, needs } of users) {
  needs.describe(`on a disk, as ${user}`, () => {
    let sandbox: Sandbox;
    const run = onDisk(() => sandbox);
    beforeAll(async () => {
      sandbox = await sandboxWithDisk(user);
    });
    afterAll(() => sandbox.dispose());

    has('g++').it(
      'a C++ program is compiled, linked with a library and run',
      async () => {
        const output = await run(`
          mkdir cpp && cd cpp
          cat > library.cc <<'END'
#include <map>
#include <string>
int count(const std::string& text) {
  std::map<char, int> seen;
  for (char letter : text) ++seen[letter];
  return static_cast<int>(seen.size());
}
END
          cat > main.cc <<'END'
#include <iostream>
#include <string>
int count(const std::string& text);
int main(int, char** arguments) { std::cout << count(arguments[1]) << std::endl; }
END
          g++ -shared -fPIC library.cc -o libcount.so
          g++ main.cc -L. -lcount -Wl,-rpath,. -o program
          ./program mississippi`);
        expect(output).toBe('4\n');
      },
      limitMs,
    );

    has('sqlite3').it(
      'an SQLite database in WAL mode with mmap stays whole under readers and a writer',
      async () => {
        const output = await run(`
          mkdir db && cd db
          sqlite3 a.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, v, b BLOB);'
          write() {
            for round in {1..20}; do
              sqlite3 -cmd 'PRAGMA busy_timeout=20000' a.db "
                PRAGMA mmap_size=268435456;
                BEGIN IMMEDIATE;
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000)
                INSERT INTO t(v, b) SELECT i * $round, randomblob(500) FROM n;
                DELETE FROM t WHERE id % 3 = 0;
                COMMIT;" > /dev/null
            done
          }
          read_all() {
            for round in {1..20}; do
              sqlite3 -cmd 'PRAGMA busy_timeout=20000' a.db \
                'PRAGMA mmap_size=268435456; SELECT sum(v), sum(length(b)) FROM t;' > /dev/null
            done
          }
          write & writer=$!; read_all & reader=$!; read_all; wait $writer; wait $reader
          sqlite3 a.db 'PRAGMA mmap_size=268435456; PRAGMA integrity_check; PRAGMA journal_mode;
            SELECT count(*) > 0, sum(length(b)) = 500 * count(*) FROM t;
            PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA integrity_check;'
          cp a.db "$OUTSIDE/a.db" && sqlite3 "$OUTSIDE/a.db" 'PRAGMA integrity_check;'`);
        expect(output).toBe('wal\n268435456\nok\nwal\n1|1\n0|0|0\nok\nok\n');
      },
      limitMs,
    );

    has('git').it(
      'a repository is made, committed to, cloned, packed and checked',
      async () => {
        const output = await run(`
          mkdir repository && cd repository
          export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
          git init -q -b main . && git config user.name a && git config user.email a@b
          for n in {1..200}; do mkdir -p "d$((n % 7))"; seq $n > "d$((n % 7))/$n"; done
          ln -s d1/1 link && printf '#!/bin/sh\\n' > run && chmod +x run
          git add -A && git commit -q -m one
          git mv d1 moved && seq 9999 > large && git add -A && git commit -q -m two
          git gc -q && git fsck --full --strict
          cd .. && git clone -q repository clone && cd clone && git fsck && git status --porcelain
          git log --format=%s && git ls-files -s link run | cut -c1-6 && git ls-files | wc -l`);
        expect(output).toBe('two\none\n120000\n100755\n203\n');
      },
      limitMs,
    );

    has('tar').it(
      'a tree leaves through tar as it came in',
      async () => {
        const output = await run(`
          mkdir tree && cd tree
          for n in {1..300}; do
            mkdir -p "$((n % 10))/$((n % 3))"
            head -c $((n * 397)) /dev/urandom > "$((n % 10))/$((n % 3))/$n"
          done
          ln 1/1/1 hard && ln -s 1/1/1 soft && truncate -s 5M sparse && echo end >> sparse
          touch $'caf\\351 \\n' && chmod 0640 hard && touch -d '2001-02-03 04:05:06.789' 2
          cd ..
          tar c --format=posix --sparse -f "$OUTSIDE/tree.tar" tree
          tar xf "$OUTSIDE/tree.tar" -C "$OUTSIDE"
          # Directories are of any size.
          list() { (cd "$1"
            find . -type d -printf 'd %m %T@ %P\\n' , ! -type d -printf '%y %m %n %s %T@ %l %P\\n' |
              LC_ALL=C sort
            find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }
          diff <(list tree) <(list "$OUTSIDE/tree") && echo same
          diff -r tree "$OUTSIDE/tree" && echo same`);
        expect(output).toBe('same\nsame\n');
      },
      limitMs,
    );
  });
}

if (npm.available) {
  fuse.describe('on a disk, packages of npm', () => npmInside());
} else {
  npm.it('npm installs on a disk', () => {});
}

function npmInside(): void {
  let sandbox: Sandbox;
  const run = onDisk(() => sandbox);
  const cache = spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).stdout.trim();
  beforeAll(async () => {
    sandbox = await sandboxWithDisk('self');
  });
  afterAll(() => sandbox.dispose());

  it(
    'typescript and vite are installed and work',
    async () => {
      const output = await run(`
        mkdir project && cd project
        echo '{ "name": "project", "private": true, "type": "module" }' > package.json
        npm install --cache '${cache}' --prefer-offline --no-audit --no-fund \
          typescript@6 vite@8 > "$OUTSIDE/npm.log" 2>&1 || { cat "$OUTSIDE/npm.log"; exit 1; }
        mkdir src && echo 'export const answer: number = 42; console.log(answer);' > src/main.ts
        echo '<script type="module" src="/src/main.ts"></script>' > index.html
        npx tsc --strict --module nodenext --outDir out src/main.ts && node out/main.js
        npx vite build --logLevel error && grep -ho 'console.log(42)' dist/assets/*.js`);
      expect(output).toBe('42\nconsole.log(42)\n');
    },
    limitMs,
  );

  it(
    'they equal a copy on disk, and are a repository',
    async () => {
      const output = await run(`
        cp -a project "$OUTSIDE/project" && diff -r project "$OUTSIDE/project" && echo same
        cd project && export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
        git init -q . && git -c core.autocrlf=false add -A
        git -c user.name=a -c user.email=a@b commit -q -m all && git fsck --full
        git status --porcelain | wc -l`);
      expect(output).toBe('same\n0\n');
    },
    limitMs,
  );
}
