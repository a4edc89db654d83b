import { kernelVersions } from '@ram/fuse';
import type { MountOptions } from '@ram/fuse';
import { appError } from './app-error.ts';

/** How a disk is mounted; what is absent is as @ram/fuse has it. */
export type MountWay = Pick<MountOptions, 'io' | 'transport' | 'kernel'>;

interface Choice {
  flag: string;
  values: readonly string[];
  /** Of a wrong value: `--io "x" is …`. */
  refusal: string;
}

const choices: { [Name in keyof MountWay]-?: Choice } = {
  io: {
    flag: '--io',
    values: ['passthrough', 'cached', 'direct'] satisfies MountWay['io'][],
    refusal: 'is no way to move bytes',
  },
  transport: {
    flag: '--transport',
    values: ['device', 'io_uring'] satisfies MountWay['transport'][],
    refusal: 'is no way for requests to come in',
  },
  kernel: {
    flag: '--kernel',
    values: kernelVersions,
    refusal: 'is no kernel that a mount can be made for',
  },
};
const names = ['io', 'transport', 'kernel'] as const;

/** @throws ERR_RAM_USAGE */
export function parseMountWay(flags: { [Name in keyof MountWay]?: string | undefined }): MountWay {
  const way: Record<string, string> = {};
  for (const name of names) {
    const text = flags[name];
    if (text === undefined) continue;
    const { flag, values, refusal } = choices[name];
    if (!values.includes(text)) {
      const message = `${flag} ${JSON.stringify(text)} ${refusal}`;
      throw appError('ERR_RAM_USAGE', message, `Give one of ${values.join(', ')}`);
    }
    way[name] = text;
  }
  const { transport, kernel } = way;
  if (transport === 'io_uring' && (kernel === '5.15' || kernel === '6.1')) {
    const message = `--transport io_uring came with Linux 6.14, not ${kernel}`;
    throw appError('ERR_RAM_USAGE', message, 'Leave one of the two out');
  }
  return way;
}

/** What `parseMountWay` reads, as arguments. */
export function mountWayArguments(way: MountWay): string[] {
  return names.flatMap((name) => (way[name] === undefined ? [] : [`--${name}=${way[name]}`]));
}

/** Without what belongs to something else. */
export function mountWayOf({ io, transport, kernel }: MountWay): MountWay {
  return {
    ...(io === undefined ? {} : { io }),
    ...(transport === undefined ? {} : { transport }),
    ...(kernel === undefined ? {} : { kernel }),
  };
}
