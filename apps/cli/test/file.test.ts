import { lstatSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@ram/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/ram.js', import.meta.url));
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 0x7f));

describe('ram file', () => {
  let disk = '';
  let memory = '';
  beforeAll(() => {
    disk = mkdtempSync(join(tmpdir(), 'ram-cli-file-'));
    memory = mkdtempSync('/dev/shm/ram-cli-file-');
  });
  afterAll(() => {
    for (const path of [disk, memory]) rmSync(path, { recursive: true, force: true });
  });

  const ram = (args: string[], input?: Uint8Array) =>
    runCommand(process.execPath, [bin, 'file', ...args], {
      cwd: disk,
      ...(input === undefined ? {} : { input }),
    });
  const json = async (args: string[], input?: Uint8Array) => {
    const { stdout, stderr, code } = await ram([...args, '--json'], input);
    return { code, stderr, value: JSON.parse(stdout) };
  };

  it('refuses paths that are not UTF-8, and makes nothing', async () => {
    // The shell makes the byte: a string of JavaScript can't.
    const script = String.raw`exec "$0" "$1" file "$2" "$(printf 'odd\377')" --directory "$3" <<<x`;
    const run = (...command: string[]) =>
      runCommand('bash', ['-c', script, process.execPath, bin, ...command, memory], {
        cwd: disk,
      });
    const { code, stderr } = await run('put');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/'odd\uFFFD' is not UTF-8, and Node .*\. Rename the file, or/),
    });
    expect([readdirSync(disk), readdirSync(memory)]).toEqual([[], []]);
    expect((await ram(['put', 'odd\uFFFD', '--directory', memory], content)).code).toBe(0);
    expect((await ram(['rm', 'odd\uFFFD'])).code).toBe(0);
  });

  it('puts standard input and files into memory, gets, shows and removes them', async () => {
    const put = await json(['put', 'a', '--directory', memory], content);
    expect(put).toMatchObject({ code: 0, value: { path: 'a', bytes: content.length } });
    expect(readlinkSync(join(disk, 'a'))).toBe(put.value.target);
    expect((await ram(['get', 'a'])).stdout).toBe(content.toString());
    writeFileSync(join(disk, 'source'), 'from a file');
    expect((await ram(['put', 'b', 'source', '--directory', memory, '--mode', '644'])).code).toBe(
      0,
    );
    expect((await json(['get', 'b'])).value).toMatchObject({ data: 'ZnJvbSBhIGZpbGU=', bytes: 11 });
    expect((await json(['get', 'b', 'copy'])).value).toEqual({ path: 'b', to: 'copy', bytes: 11 });
    expect(readFileSync(join(disk, 'copy'), 'utf8')).toBe('from a file');
    const { memfiles } = (await json(['ls', '--directory', memory])).value;
    expect(memfiles).toMatchObject([
      { link: join(disk, 'a'), state: 'live', sizeBytes: content.length, inUse: false },
      { link: join(disk, 'b'), state: 'live', sizeBytes: 11 },
    ]);
    const { stdout } = await ram(['ls', '--directory', memory]);
    expect(stdout).toMatch(/^FILE .*CONTENT\n.*\/a +live .*\n.*\/b +live .*\n\n2 files, /);
    expect((await json(['rm', 'a', 'b'])).value).toEqual({ removed: ['a', 'b'] });
    expect(readdirSync(memory)).toEqual([]);
  });

  it('collects what lost its link, after it was confirmed', async () => {
    await ram(['put', 'lost', '--directory', memory], content);
    unlinkSync(join(disk, 'lost'));
    const collect = ['gc', '--directory', memory];
    expect(await ram(collect)).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/1 contents .* are lost\. .*--dry-run/),
    });
    const planned = (await json([...collect, '--dry-run'])).value;
    expect(planned).toMatchObject({ dryRun: true, memfiles: [{ actions: ['freed'] }] });
    expect(readdirSync(memory)).toHaveLength(2);
    const { stdout } = await ram([...collect, '--yes']);
    expect(stdout).toMatch(/\/lost\): freed\n.*KiB freed\n$/);
    expect(readdirSync(memory)).toEqual([]);
    expect((await ram(collect)).stdout).toBe('Nothing to collect\n');
  });

  it('moves files into memory and back', async () => {
    const path = join(disk, 'moved');
    writeFileSync(path, content, { mode: 0o640 });
    const moved = await json(['memorize', 'moved', '--directory', memory]);
    expect(moved.value.memorized).toEqual([{ path: 'moved', target: readlinkSync(path) }]);
    expect((await json(['persist', 'moved'])).value).toEqual({ path: 'moved', to: 'moved' });
    expect(lstatSync(path).isFile()).toBe(true);
    expect(lstatSync(path).mode & 0o777).toBe(0o640);
    expect(readFileSync(path).equals(content)).toBe(true);
    await ram(['memorize', 'moved', '--directory', memory]);
    expect((await ram(['persist', 'moved', '--to', 'elsewhere'])).code).toBe(0);
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
    expect(readFileSync(join(disk, 'elsewhere')).equals(content)).toBe(true);
    expect(readdirSync(memory)).toEqual([]);
  });

  it('says what is wrong, in words and in codes', async () => {
    writeFileSync(join(disk, 'plain'), '');
    mkdirSync(join(disk, 'folder'));
    await ram(['put', 'stale', '--directory', memory], content);
    unlinkSync(readlinkSync(join(disk, 'stale')));
    await ram(['put', 'live', '--directory', memory], content);
    const cases: [args: string[], code: number, error: string][] = [
      [['get', 'none'], 3, 'ERR_RAM_NO_FILE'],
      [['get', 'stale'], 3, 'ERR_RAM_MEMFILE_STALE'],
      [['get', 'plain'], 4, 'ERR_RAM_MEMFILE_REGULAR_FILE'],
      [['put', 'plain'], 4, 'ERR_RAM_MEMFILE_REGULAR_FILE'],
      [['put', 'folder'], 4, 'ERR_RAM_MEMFILE_DIRECTORY'],
      [['put', 'new', 'none'], 3, 'ERR_RAM_NO_FILE'],
      [['put', 'new', 'folder'], 4, 'ERR_RAM_NAME_TAKEN'],
      [['put', 'none/x'], 3, 'ERR_RAM_NO_FILE'],
      [['put', 'plain/x'], 3, 'ERR_RAM_NO_FILE'],
      [['put', 'x'.repeat(256)], 2, 'ERR_RAM_PATH_TOO_LONG'],
      [['put', 'new', '--directory', '/'], 5, 'ERR_RAM_MEMFILE_NOT_RAM'],
      [['put', 'new', '--mode', '9'], 2, 'ERR_RAM_USAGE'],
      [['rm', 'plain'], 4, 'ERR_RAM_MEMFILE_REGULAR_FILE'],
      [['rm'], 2, 'ERR_RAM_USAGE'],
      [['ls', '--directory', '/none'], 5, 'ERR_RAM_MEMFILE_NO_RAM_DIRECTORY'],
      [['gc', '--directory', '/'], 5, 'ERR_RAM_MEMFILE_NOT_RAM'],
      [['persist', 'plain'], 4, 'ERR_RAM_MEMFILE_REGULAR_FILE'],
      [['memorize', 'folder'], 4, 'ERR_RAM_MEMFILE_DIRECTORY'],
      [['memorize', 'none'], 3, 'ERR_RAM_NO_FILE'],
      [['move', 'x'], 2, 'ERR_RAM_USAGE'],
    ];
    for (const [args, code, error] of cases) {
      const found = await json(args);
      expect([args, found.code, found.value.error.code]).toEqual([args, code, error]);
    }
    const says: [args: string[], pattern: RegExp][] = [
      [['get', 'plain'], /^ram: .*plain is a file on disk, .* Read it as any file: cat .*plain\n$/],
      [['persist', 'plain'], /^ram: .*plain is a file on disk, not in memory\n$/],
      [['put', 'none/x'], /^ram: there is no directory .*none\n$/],
      [['persist', 'live', '--to', 'none/x'], /^ram: there is no directory .*none\n$/],
      [['get', 'live', 'none/x'], /^ram: there is no directory none\n$/],
      [['memorize', 'stale'], /^ram: the content of .*stale is gone: .*ram file rm .*stale\n$/],
    ];
    for (const [args, pattern] of says) expect((await ram(args)).stderr).toMatch(pattern);
  }, 200_000);

  it('does what it can, and tells what it could not', async () => {
    writeFileSync(join(disk, 'one'), '1');
    writeFileSync(join(disk, 'two'), '2');
    const into = ['--directory', memory];
    const moved = await json(['memorize', 'one', 'none', 'two', ...into]);
    expect(moved).toMatchObject({
      code: 3,
      value: {
        memorized: [{ path: 'one' }, { path: 'two' }],
        failed: [{ path: 'none', code: 'ERR_RAM_NO_FILE' }],
        error: { code: 'ERR_RAM_NO_FILE' },
      },
    });
    expect(await ram(['rm', 'one', 'none', 'two'])).toMatchObject({
      code: 3,
      stdout: 'one: removed\ntwo: removed\n',
      stderr: expect.stringMatching(/^ram: there is no .*none\n$/),
    });
  });
});
