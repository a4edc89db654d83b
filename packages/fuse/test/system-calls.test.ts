// How many system calls the server makes for a client of a passed-through mount, besides taking
// requests and answering them. Each costs some of the time in which the next request waits.
import { runNode } from '@ram/test-support';
import { expect } from 'vitest';
import { Server, childProgram, makeFolder, program } from './support.ts';

program('strace').it(
  'the server makes few system calls for files that are passed through',
  async () => {
    const folder = makeFolder();
    const server = await Server.start(folder, { io: 'passthrough' });
    const args = [folder, String(server.pid)];
    const { stdout, stderr } = await runNode(childProgram('system-calls.ts'), args);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      // Whether it was written.
      create: { fstat: 1 },
      // Whether a mapping is left: a lease, and its end.
      createToRead: { fstat: 1, fcntl: 2 },
      // Into a slab; its blob file is emptied for the next.
      createSmall: { fstat: 1, pread64: 1, fallocate: 1, ftruncate: 1 },
      createLarge: { fstat: 1, openat: 1, ioctl: 1 },
      rewriteSmall: { fstat: 1, pread64: 1, fallocate: 2, ftruncate: 1 },
      openEmpty: {},
      openEmptyToWrite: { fstat: 1 },
      readSmall: {},
      // Its client asks for the size.
      readLarge: { fstat: 1 },
      rename: {},
      unlinkEmpty: {},
      unlinkSmall: { fallocate: 1 },
    });
    await server.stop();
  },
);
