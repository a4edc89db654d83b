import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryOpen, memoryOpenSync } from '@ram/memfile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesIn, usePlace } from './place.ts';
import type { Place } from './place.ts';

// Every flag on every state of the path, synchronously and not.

interface State {
  name: string;
  make(place: Place, path: string): void;
  /** What each kind of flags comes to: a code, or what the file holds then. */
  reading: string;
  /** r+: writes, but makes nothing. */
  updating: string;
  truncating: string;
  appending: string;
  exclusive: string;
}

const refused = (code: string): Omit<State, 'name' | 'make'> => ({
  reading: code,
  updating: code,
  truncating: code,
  appending: code,
  exclusive: code,
});

const memfile = (place: Place, path: string): void => {
  const fd = memoryOpenSync(path, 'w', { directory: place.memory });
  writeSync(fd, 'old');
  closeSync(fd);
};

const states: State[] = [
  {
    name: 'nothing',
    make: () => {},
    reading: 'ENOENT',
    updating: 'ENOENT',
    truncating: 'new',
    appending: 'new',
    exclusive: 'new',
  },
  {
    name: 'a link of ours',
    make: memfile,
    reading: 'old',
    updating: 'new',
    truncating: 'new',
    appending: 'oldnew',
    exclusive: 'EEXIST',
  },
  {
    name: 'a stale link of ours',
    make: (place, path) => {
      memfile(place, path);
      unlinkSync(readlinkSync(path));
    },
    reading: 'ERR_RAM_MEMFILE_STALE',
    updating: 'ERR_RAM_MEMFILE_STALE',
    truncating: 'new',
    appending: 'new',
    exclusive: 'new',
  },
  {
    name: 'a stale link of ours without a record',
    make: (place, path) => {
      memfile(place, path);
      const target = readlinkSync(path);
      for (const gone of [target, `${target}.link`]) unlinkSync(gone);
    },
    reading: 'ERR_RAM_MEMFILE_STALE',
    updating: 'ERR_RAM_MEMFILE_STALE',
    truncating: 'new',
    appending: 'new',
    exclusive: 'new',
  },
  {
    name: 'a regular file',
    make: (_, path) => writeFileSync(path, 'disk'),
    ...refused('ERR_RAM_MEMFILE_REGULAR_FILE'),
  },
  {
    name: 'a directory',
    make: (_, path) => mkdirSync(path),
    ...refused('ERR_RAM_MEMFILE_DIRECTORY'),
  },
  {
    name: "a stranger's link to a file",
    make: (place, path) => {
      writeFileSync(place.at('other'), 'theirs');
      symlinkSync(place.at('other'), path);
    },
    ...refused('ERR_RAM_MEMFILE_FOREIGN_LINK'),
  },
  {
    name: 'a link to a directory',
    make: (place, path) => symlinkSync(place.memory, path),
    ...refused('ERR_RAM_MEMFILE_FOREIGN_LINK'),
  },
  {
    name: 'a relative link to something with the name of a content',
    make: (place, path) => {
      writeFileSync(place.at('a-memfile-0123456789abcdef'), 'theirs');
      symlinkSync('a-memfile-0123456789abcdef', path);
    },
    ...refused('ERR_RAM_MEMFILE_FOREIGN_LINK'),
  },
  {
    name: "a stranger's dangling link",
    make: (place, path) => symlinkSync(place.at('nothing'), path),
    ...refused('ERR_RAM_MEMFILE_DANGLING_FOREIGN_LINK'),
  },
  {
    name: 'a link to itself',
    make: (_, path) => symlinkSync(path, path),
    ...refused('ERR_RAM_MEMFILE_DANGLING_FOREIGN_LINK'),
  },
];

const flags: [flags: string, column: keyof State][] = [
  ['r', 'reading'],
  ['rb', 'reading'],
  ['rs', 'reading'],
  ['r+', 'updating'],
  ['rs+', 'updating'],
  ['w', 'truncating'],
  ['w+', 'truncating'],
  ['wt', 'truncating'],
  ['a', 'appending'],
  ['a+', 'appending'],
  ['as', 'appending'],
  ['wx', 'exclusive'],
  ['wx+', 'exclusive'],
  ['ax', 'exclusive'],
  ['x', 'exclusive'],
  ['x+b', 'exclusive'],
];

type Open = (path: string, flags: string, directory: string) => Promise<string>;

const opens: [string, Open][] = [
  [
    'memoryOpen',
    async (path, flags, directory) => {
      const file = await memoryOpen(path, flags, { directory });
      expect(file.target).toBe(readlinkSync(path));
      const text = flags.startsWith('r') ? await file.readFile('utf8') : '';
      if (!/^rs?b?$/.test(flags)) await file.write('new', 0);
      await file.close();
      return /^rs?b?$/.test(flags) ? text : readFileSync(path, 'utf8');
    },
  ],
  [
    'memoryOpenSync',
    async (path, flags, directory) => {
      const fd = memoryOpenSync(path, flags, { directory });
      const bytes = Buffer.alloc(10);
      const reads = /^rs?b?$/.test(flags);
      const length = reads ? readSync(fd, bytes) : writeSync(fd, 'new');
      closeSync(fd);
      return reads ? bytes.toString('utf8', 0, length) : readFileSync(path, 'utf8');
    },
  ],
];

describe.each(opens)('%s', (_, open) => {
  describe.each(states)('of $name', (state) => {
    const place = usePlace();
    it.each(flags)('with %s', async (flags, column) => {
      const path = place.at('file');
      state.make(place, path);
      const before = snapshot(place);
      const outcome = await open(path, flags, place.memory).catch(
        (error: NodeJS.ErrnoException) => error.code,
      );
      expect(outcome).toBe(state[column]);
      const opened = !String(outcome).startsWith('E');
      if (opened) {
        expect(namesIn(place)).toEqual({ disk: ['file'], memory: ['file~', 'file~.link'] });
        expect(lstatSync(readlinkSync(path)).mode & 0o777).toBe(0o600);
      } else {
        // What can't be opened is as it was, and nothing was left in memory.
        expect(snapshot(place)).toEqual(before);
      }
    });
  });
});

function snapshot(place: Place): unknown {
  return {
    names: namesIn(place),
    ino: lstatSync(place.at('file'), { throwIfNoEntry: false })?.ino,
  };
}

describe('memoryOpen refuses', () => {
  const place = usePlace();
  const codeOf = (path: string | Buffer, flags = 'w', directory = place.memory): Promise<string> =>
    memoryOpen(path, flags, { directory }).then(
      () => 'opened',
      ({ code }) => code,
    );

  let socket: ReturnType<typeof createServer>;
  const folder = mkdtempSync(join(tmpdir(), 'ram-memfile-socket-'));
  beforeAll(async () => {
    socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(folder, 'socket'), resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => socket.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('a missing parent, a file as a parent, and an empty path, as node:fs does', async () => {
    writeFileSync(place.at('file'), '');
    expect(await codeOf(place.at('none/x'))).toBe('ENOENT');
    expect(await codeOf(place.at('file/x'))).toBe('ENOTDIR');
    expect(await codeOf('')).toBe('ENOENT');
    expect(await codeOf(place.at('x'.repeat(256)))).toBe('ENAMETOOLONG');
    expect(await codeOf(`${place.at('')}${'/x'.repeat(3000)}`)).toBe('ENAMETOOLONG');
    expect(namesIn(place).memory).toEqual([]);
    const error = await memoryOpen(place.at('none/x'), 'w').catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'ENOENT',
      errno: -2,
      syscall: 'open',
      path: place.at('none/x'),
    });
  });

  it('sockets and devices', async () => {
    expect(await codeOf(join(folder, 'socket'))).toBe('ERR_RAM_MEMFILE_SPECIAL_FILE');
    expect(await codeOf('/dev/null')).toBe('ERR_RAM_MEMFILE_SPECIAL_FILE');
  });

  it('a directory that is not there, none, or not in memory', async () => {
    writeFileSync(place.at('plain'), '');
    const at = (directory: string): Promise<string> => codeOf(place.at('x'), 'w', directory);
    expect(await at(join(place.memory, 'none'))).toBe('ERR_RAM_MEMFILE_NO_RAM_DIRECTORY');
    expect(await at(place.at('plain'))).toBe('ERR_RAM_MEMFILE_NO_RAM_DIRECTORY');
    expect(await at('/')).toBe('ERR_RAM_MEMFILE_NOT_RAM');
    expect(await at('/proc')).toBe('ERR_RAM_MEMFILE_NOT_RAM');
  });

  it('a stale link whose directory is not in memory any more', async () => {
    const content = join(place.memory, 'x-memfile-0123456789abcdef');
    symlinkSync(content, place.at('x'));
    rmSync(place.memory, { recursive: true });
    expect(await codeOf(place.at('x'))).toBe('ERR_RAM_MEMFILE_NO_RAM_DIRECTORY');
    symlinkSync(place.at('y-memfile-0123456789abcdef'), place.at('y'));
    expect(await codeOf(place.at('y'))).toBe('ERR_RAM_MEMFILE_NOT_RAM');
  });

  it('records that are damaged or newer, and leaves them alone', async () => {
    const path = place.at('file');
    for (const [text, code] of [
      ['nonsense', 'ERR_RAM_MEMFILE_RECORD_DAMAGED'],
      ['memfile:2:something else', 'ERR_RAM_MEMFILE_RECORD_VERSION'],
    ] as const) {
      rmSync(path, { force: true });
      memfile(place, path);
      const record = `${readlinkSync(path)}.link`;
      unlinkSync(record);
      symlinkSync(text, record);
      for (const flags of ['r', 'w', 'a']) expect(await codeOf(path, flags)).toBe(code);
      expect(readlinkSync(record)).toBe(text);
      expect(readFileSync(path, 'utf8')).toBe('old');
    }
  });

  const mistakes: [string, unknown[], string][] = [
    ['a path of a wrong type', [5], 'ERR_INVALID_ARG_TYPE'],
    ['a path with a null byte', ['a\0b'], 'ERR_INVALID_ARG_VALUE'],
    ['unknown flags', ['a', 'q'], 'ERR_INVALID_ARG_VALUE'],
    ['options of a wrong type', ['a', 'w', true], 'ERR_INVALID_ARG_TYPE'],
    ['a mode that is none', ['a', 'w', { mode: '9' }], 'ERR_INVALID_ARG_VALUE'],
    ['a mode that is too large', ['a', 'w', { mode: 0o10000 }], 'ERR_OUT_OF_RANGE'],
    ['a flag that is no boolean', ['a', 'w', { temporary: 1 }], 'ERR_INVALID_ARG_TYPE'],
    ['a directory of a wrong type', ['a', 'w', { directory: 1 }], 'ERR_INVALID_ARG_TYPE'],
    ['seals on a file with a name', ['a', 'w', { seals: ['grow'] }], 'ERR_INVALID_ARG_VALUE'],
    ['an unknown seal', ['a', 'w', { anonymous: true, seals: ['x'] }], 'ERR_INVALID_ARG_VALUE'],
    ['a Volume without a mount', ['a', 'w', { volume: {} }], 'ERR_INVALID_ARG_VALUE'],
    ['spillBytes alone', ['a', 'w', { spillBytes: 1 }], 'ERR_INVALID_ARG_VALUE'],
    ['a size that is none', ['a', 'w', { maxBytes: 'big' }], 'ERR_RAM_INVALID_SIZE'],
    ['a limit that nothing holds', ['a', 'w', { maxBytes: 4096 }], 'ERR_RAM_MEMFILE_LIMIT'],
  ];
  it.each(mistakes)('%s', async (_, args, code) => {
    const call = args as Parameters<typeof memoryOpen>;
    await expect(memoryOpen(...call)).rejects.toMatchObject({ code });
    expect(() => memoryOpenSync(...call)).toThrow(expect.objectContaining({ code }));
  });
});

describe('memoryOpen takes', () => {
  const place = usePlace();
  const roundTrip = async (path: string | Buffer): Promise<void> => {
    const file = await memoryOpen(path, 'wx', { directory: place.memory });
    await file.write('bytes');
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('bytes');
    const again = memoryOpenSync(path, 'r', { directory: place.memory });
    expect(fstatSync(again).size).toBe(5);
    closeSync(again);
  };

  it('names of 255 bytes', () => roundTrip(place.at('x'.repeat(255))));
  it('names of 255 bytes in UTF-8', () => roundTrip(place.at(`${'ü'.repeat(127)}x`)));
  it('names that are no UTF-8', () =>
    roundTrip(Buffer.concat([Buffer.from(place.at('')), Buffer.from([0x2f, 0xff, 0xfe, 0x0a])])));
  it('names with a colon and a line break', () => roundTrip(place.at('a:b=c,d\ne')));
  it('file URLs, relative paths, and paths through a link', async () => {
    const working = process.cwd();
    process.chdir(place.disk);
    try {
      symlinkSync('.', 'here');
      await roundTrip('./here/a');
      expect(readlinkSync(place.at('a'))).toMatch(/^\/dev\/shm\//);
      expect(readlinkSync(`${readlinkSync('a')}.link`)).toMatch(new RegExp(`:${place.disk}/a$`));
    } finally {
      process.chdir(working);
    }
    const url = new URL(`file://${place.at('b')}`);
    await (await memoryOpen(url, 'w', { directory: place.memory })).close();
    expect(readlinkSync(place.at('b'))).toMatch(/^\/dev\/shm\//);
  });

  it('permissions, less the umask', async () => {
    const before = process.umask(0o022);
    try {
      await (
        await memoryOpen(place.at('a'), 'w', { mode: 0o666, directory: place.memory })
      ).close();
      await (
        await memoryOpen(place.at('b'), 'w', { mode: '640', directory: place.memory })
      ).close();
    } finally {
      process.umask(before);
    }
    const modes = ['a', 'b'].map((name) => lstatSync(readlinkSync(place.at(name))).mode & 0o777);
    expect(modes).toEqual([0o644, 0o640]);
  });
});
