import { kernelVersions } from '@ram/fuse';
import type { MountOptions } from '@ram/fuse';
import { appError } from './app-error.ts';

/** How a disk is mounted; what is absent is as @ram/fuse has it. */
export type MountWay = Pick<MountOptions, ChoiceName | SwitchName>;

type ChoiceName = 'io' | 'transport' | 'kernel' | 'locks';
type SwitchName = 'suid' | 'dev' | 'nonempty' | 'defaultPermissions' | 'allowOther';

/** As they come from a command line. */
export type MountWayFlags = { [Name in ChoiceName]?: string | undefined } & {
  [Name in SwitchName]?: boolean | undefined;
};

interface Choice {
  flag: string;
  values: readonly string[];
  /** Of a wrong value: `--io "x" is …`. */
  refusal: string;
}

const choices: { [Name in ChoiceName]: Choice } = {
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
  locks: {
    flag: '--locks',
    values: ['kernel', 'volume'] satisfies MountWay['locks'][],
    refusal: 'is no keeper of file locks',
  },
};
const choiceNames = ['io', 'transport', 'kernel', 'locks'] as const;
const switchFlags: { [Name in SwitchName]: string } = {
  suid: 'suid',
  dev: 'dev',
  nonempty: 'nonempty',
  defaultPermissions: 'default-permissions',
  allowOther: 'allow-other',
};
const switchNames = ['suid', 'dev', 'nonempty', 'defaultPermissions', 'allowOther'] as const;

/** @throws ERR_RAM_USAGE */
export function parseMountWay(flags: MountWayFlags): MountWay {
  const way: Record<string, string | boolean> = {};
  for (const name of choiceNames) {
    const text = flags[name];
    if (text === undefined) continue;
    const { flag, values, refusal } = choices[name];
    if (!values.includes(text)) {
      const message = `${flag} ${JSON.stringify(text)} ${refusal}`;
      throw appError('ERR_RAM_USAGE', message, `Give one of ${values.join(', ')}`);
    }
    way[name] = text;
  }
  for (const name of switchNames) {
    const value = flags[name];
    if (value !== undefined) way[name] = value;
  }
  const { transport, kernel } = way;
  if (transport === 'io_uring' && (kernel === '5.15' || kernel === '6.1')) {
    const message = `--transport io_uring came with Linux 6.14, not ${kernel}`;
    throw appError('ERR_RAM_USAGE', message, 'Leave one of the two out');
  }
  checkOpenness(way);
  return way;
}

/** As @ram/fuse has it: where others get in unchecked, none of them must become root. */
function checkOpenness({ suid, dev, defaultPermissions, allowOther }: MountWay): void {
  if (defaultPermissions !== false || allowOther === false || !(suid || dev)) return;
  const flag = suid ? '--suid' : '--dev';
  throw appError(
    'ERR_RAM_USAGE',
    `${flag} with --no-default-permissions would make root of any user`,
    'Leave one of the two out, or keep others out with --no-allow-other',
  );
}

/** What `parseMountWay` reads, as arguments. */
export function mountWayArguments(way: MountWay): string[] {
  const chosen = choiceNames.filter((name) => way[name] !== undefined);
  const switched = switchNames.filter((name) => way[name] !== undefined);
  return [
    ...chosen.map((name) => `--${name}=${way[name]}`),
    ...switched.map((name) => `--${way[name] === true ? '' : 'no-'}${switchFlags[name]}`),
  ];
}

/** @throws ERR_RAM_NOT_PERMITTED for what only root may have */
export function checkMountRights({ suid, dev }: MountWay, uid = process.geteuid?.() ?? 0): void {
  if (uid === 0 || (suid !== true && dev !== true)) return;
  const flag = suid === true ? '--suid' : '--dev';
  throw appError(
    'ERR_RAM_NOT_PERMITTED',
    `${flag} is for root`,
    `Mount as root, or without ${flag}`,
  );
}

/** Without what belongs to something else. */
export function mountWayOf(way: MountWay): MountWay {
  const own = [...choiceNames, ...switchNames].filter((name) => way[name] !== undefined);
  return Object.fromEntries(own.map((name) => [name, way[name]]));
}
