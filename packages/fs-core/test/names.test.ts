import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asRoot, BothSides } from './both-sides.ts';
import type { Call } from './both-sides.ts';

let both: BothSides;

beforeEach(() => {
  both = new BothSides();
  both.same((fs, at) => {
    fs.writeFileSync(at('/file'), 'content');
    fs.mkdirSync(at('/dir'));
    fs.mkdirSync(at('/full/inner'), { recursive: true });
    fs.writeFileSync(at('/full/file'), '');
    fs.symlinkSync('file', at('/tofile'));
    fs.symlinkSync('dir', at('/todir'));
    fs.symlinkSync('nowhere', at('/dangling'));
    fs.symlinkSync('loop', at('/loop'));
    fs.symlinkSync('..', at('/full/up'));
  });
});

afterEach(() => both.close());

const paths = [
  '',
  '/',
  '/.',
  '/file',
  '/file/',
  '/file/x',
  '/file/..',
  '/dir',
  '/dir/',
  '/dir/.',
  '/dir/..',
  '/dir/new',
  '/dir/new/',
  '/full',
  '/full/',
  '/full/..',
  '/full/up/file',
  '/full/file',
  '/none',
  '/none/',
  '/none/x',
  '/tofile',
  '/tofile/',
  '/todir',
  '/todir/',
  '/todir/new',
  '/dangling',
  '/dangling/',
  '/loop',
  '/loop/x',
  `/${'n'.repeat(255)}`,
  `/${'n'.repeat(256)}`,
  `/none/${'n'.repeat(256)}`,
  `/${'d/'.repeat(2100)}`,
  '/f\u00efl\u00e9 \u{1f4be}',
];

const calls: Record<string, (path: string) => Call> = {
  statSync: (path) => (fs, at) => fs.statSync(at(path)),
  'statSync without an entry': (path) => (fs, at) =>
    fs.statSync(at(path), { throwIfNoEntry: false }),
  lstatSync: (path) => (fs, at) => fs.lstatSync(at(path)),
  'lstatSync bigint': (path) => (fs, at) => fs.lstatSync(at(path), { bigint: true }).size >= 0n,
  existsSync: (path) => (fs, at) => fs.existsSync(at(path)),
  accessSync: (path) => (fs, at) => fs.accessSync(at(path), fs.constants.R_OK),
  'accessSync X_OK': (path) => (fs, at) => fs.accessSync(at(path), fs.constants.X_OK),
  readFileSync: (path) => (fs, at) => fs.readFileSync(at(path)),
  'readFileSync utf8': (path) => (fs, at) => fs.readFileSync(at(path), 'utf8'),
  writeFileSync: (path) => (fs, at) => fs.writeFileSync(at(path), 'new content'),
  'writeFileSync wx': (path) => (fs, at) => fs.writeFileSync(at(path), 'x', { flag: 'wx' }),
  appendFileSync: (path) => (fs, at) => fs.appendFileSync(at(path), 'more'),
  truncateSync: (path) => (fs, at) => fs.truncateSync(at(path), 3),
  'openSync r': (path) => (fs, at) => fs.closeSync(fs.openSync(at(path), 'r')),
  'openSync r+': (path) => (fs, at) => fs.closeSync(fs.openSync(at(path), 'r+')),
  'openSync O_DIRECTORY': (path) => (fs, at) =>
    fs.closeSync(fs.openSync(at(path), fs.constants.O_DIRECTORY)),
  'openSync O_NOFOLLOW': (path) => (fs, at) =>
    fs.closeSync(fs.openSync(at(path), fs.constants.O_NOFOLLOW | fs.constants.O_CREAT, 0o640)),
  mkdirSync: (path) => (fs, at) => fs.mkdirSync(at(path)),
  'mkdirSync with a mode': (path) => (fs, at) => fs.mkdirSync(at(path), 0o1750),
  'mkdirSync recursive': (path) => (fs, at) => fs.mkdirSync(at(path), { recursive: true }),
  'mkdirSync recursive below': (path) => (fs, at) =>
    fs.mkdirSync(at(`${path}/p/q/r`), { recursive: true }),
  mkdtempSync: (path) => (fs, at) => fs.mkdtempSync(at(path)).replace(at(''), '').length,
  readdirSync: (path) => (fs, at) => fs.readdirSync(at(path)).toSorted(),
  'readdirSync recursive': (path) => (fs, at) =>
    path.includes('full/..') || fs.readdirSync(at(`${path}/dir`), { recursive: true }).toSorted(),
  rmdirSync: (path) => (fs, at) => fs.rmdirSync(at(path)),
  unlinkSync: (path) => (fs, at) => fs.unlinkSync(at(path)),
  'renameSync from': (path) => (fs, at) => fs.renameSync(at(path), at('/dir/renamed')),
  'renameSync over a file': (path) => (fs, at) => fs.renameSync(at(path), at('/full/file')),
  'renameSync to': (path) => (fs, at) => fs.renameSync(at('/file'), at(path)),
  'renameSync a folder to': (path) => (fs, at) => fs.renameSync(at('/dir'), at(path)),
  'linkSync from': (path) => (fs, at) => fs.linkSync(at(path), at('/dir/linked')),
  'linkSync to': (path) => (fs, at) => fs.linkSync(at('/file'), at(path)),
  symlinkSync: (path) => (fs, at) => fs.symlinkSync('target', at(path)),
  readlinkSync: (path) => (fs, at) => fs.readlinkSync(at(path)),
  chmodSync: (path) => (fs, at) => fs.chmodSync(at(path), 0o604),
  chownSync: (path) => (fs, at) => fs.chownSync(at(path), 12, 34),
  lchownSync: (path) => (fs, at) => fs.lchownSync(at(path), 12, 34),
  utimesSync: (path) => (fs, at) => fs.utimesSync(at(path), 1, 2),
  lutimesSync: (path) => (fs, at) => fs.lutimesSync(at(path), 1, 2),
  statfsSync: (path) => (fs, at) => Object.keys(fs.statfsSync(at(path))),
  'copyFileSync from': (path) => (fs, at) => fs.copyFileSync(at(path), at('/dir/copy')),
  'copyFileSync to': (path) => (fs, at) => fs.copyFileSync(at('/file'), at(path)),
  'copyFileSync to, exclusively': (path) => (fs, at) =>
    fs.copyFileSync(at('/file'), at(path), fs.constants.COPYFILE_EXCL),
};

describe('every form of path gives the result or the error of node:fs', () => {
  for (const [name, makeCall] of Object.entries(calls)) {
    const test = /ch(?:own|mod)Sync/.test(name) ? asRoot.it : it;
    test(name, () => {
      for (const path of paths) {
        both.same(makeCall(path), `${name} '${path.slice(0, 40)}'`);
        // Temporary folders have other names on each side.
        if (name !== 'mkdtempSync') both.sameTree(`${name} '${path.slice(0, 40)}': the tree`);
      }
    });
  }
});

describe('rmSync', () => {
  const options = [
    undefined,
    { force: true },
    { recursive: true },
    { recursive: true, force: true },
  ];
  for (const option of options) {
    it(`with ${JSON.stringify(option)} does as node:fs`, () => {
      for (const path of paths.filter((one) => one.length > 2 && !one.includes('..'))) {
        both.same((fs, at) => fs.rmSync(at(path), option), `rmSync ${path.slice(0, 40)}`);
        both.sameTree(`rmSync '${path.slice(0, 40)}': the tree`);
      }
    });
  }

  it('removes a deep and wide tree', () => {
    const { fs } = both.volume;
    for (let i = 0; i < 300; i += 1)
      fs.mkdirSync(`/t/tree/${'d/'.repeat(i % 40)}x${i}`, { recursive: true });
    fs.writeFileSync(Buffer.from('/t/tree/\xff\xfe', 'latin1'), '');
    fs.rmSync('/t/tree', { recursive: true });
    expect(fs.existsSync('/t/tree')).toBe(false);
  });
});

describe('names', () => {
  it('survive as bytes that are not UTF-8', () => {
    const name = Buffer.from([0x2f, 0x74, 0x2f, 0xff, 0xfe, 0x80, 0x41]);
    const { fs } = both.volume;
    fs.writeFileSync(name, 'odd');
    const listed = fs.readdirSync('/t', 'buffer').find((one) => one[0] === 0xff);
    expect(listed).toEqual(name.subarray(3));
    expect(fs.readFileSync(name, 'utf8')).toBe('odd');
    expect(fs.readdirSync('/t', 'latin1')).toContain('\xff\xfe\x80A');
    fs.unlinkSync(name);
  });

  it('are listed in each encoding and as entries, as by node:fs', () => {
    both.same((fs, at) => fs.writeFileSync(at('/\u00fc\u4e16'), ''));
    for (const encoding of ['utf8', 'latin1', 'hex', 'base64', 'buffer'] as const) {
      both.same((fs, at) => {
        const names = fs.readdirSync(at('/'), { encoding: encoding as 'utf8' });
        return names.map((name) => name.toString()).toSorted();
      });
      both.same((fs, at) => {
        const entries = fs.readdirSync(at(''), {
          encoding: encoding as 'utf8',
          withFileTypes: true,
        });
        return entries.toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
      });
    }
    both.same((fs, at) =>
      fs
        .readdirSync(at('/full'), { recursive: true, withFileTypes: true })
        .map((entry) => `${entry.parentPath}/${entry.name}`.replace(at(''), ''))
        .toSorted(),
    );
  });

  it('make loops and long chains of symbolic links end with ELOOP', () => {
    for (let i = 0; i < 42; i += 1) {
      both.same((fs, at) => fs.symlinkSync(i === 0 ? 'file' : `link${i - 1}`, at(`/link${i}`)));
      both.same((fs, at) => fs.readFileSync(at(`/link${i}`), 'utf8'));
    }
  });

  it('of a URL are its path', () => {
    both.same((fs, at) => fs.readFileSync(new URL(`file://${at('/file')}`), 'utf8'));
    both.same((fs) => fs.readFileSync(new URL('http://example.org/file')));
    both.same((fs, at) => fs.readFileSync(new URL(`file://${at('/a%00b')}`)));
    both.same((fs, at) => fs.readFileSync(new URL(`file://${at('/a%2Fb')}`)));
  });
});
