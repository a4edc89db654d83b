// The tests of mounts once more, with the requests over io_uring and files passed through.
import { runAnotherWay } from './another-way.ts';

await runAnotherWay({ RAM_TEST_TRANSPORT: 'io_uring', RAM_TEST_IO: 'passthrough' });
