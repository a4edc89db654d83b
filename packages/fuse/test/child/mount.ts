// mount() as tests want it: RAM_TEST_TRANSPORT and RAM_TEST_IO stand for what a test leaves open,
// so that the whole suite can run another way. See test/over-io-uring.full.ts.
import { mount as mountWith } from '../../src/index.ts';
import type { MountOptions, Mounted } from '../../src/index.ts';

const { RAM_TEST_TRANSPORT: transport, RAM_TEST_IO: io } = process.env;

export function mount(
  volume: Parameters<typeof mountWith>[0],
  directory: string,
  options: MountOptions = {},
): Promise<Mounted> {
  const way = {
    ...(transport === undefined ? {} : { transport }),
    ...(io === undefined ? {} : { io }),
  } as MountOptions;
  return mountWith(volume as never, directory, { ...way, ...options });
}
