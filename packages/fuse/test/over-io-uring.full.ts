// The tests of mounts once more, with the requests over io_uring.
import { runAnotherWay } from './another-way.ts';

await runAnotherWay({ RAM_TEST_TRANSPORT: 'io_uring' });
