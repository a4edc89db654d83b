import { constants } from 'node:fs';
import type * as nodeFs from 'node:fs';
import type { Native, NativeVolume } from '../native.ts';
import { attributeCalls } from './attribute-calls.ts';
import { descriptorCalls } from './descriptor-calls.ts';
import { directoryCalls } from './directory-calls.ts';
import { nameCalls } from './name-calls.ts';
import { wholeFileCalls } from './whole-file-calls.ts';

/** The calls of `node:fs` that a Volume has: same arguments, same results, same errors. */
export type VolumeFs = Pick<
  typeof nodeFs,
  | 'accessSync'
  | 'appendFileSync'
  | 'chmodSync'
  | 'chownSync'
  | 'closeSync'
  | 'constants'
  | 'copyFileSync'
  | 'existsSync'
  | 'fchmodSync'
  | 'fchownSync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'futimesSync'
  | 'lchownSync'
  | 'linkSync'
  | 'lstatSync'
  | 'lutimesSync'
  | 'mkdirSync'
  | 'mkdtempSync'
  | 'openSync'
  | 'readFileSync'
  | 'readSync'
  | 'readdirSync'
  | 'readlinkSync'
  | 'readvSync'
  | 'renameSync'
  | 'rmSync'
  | 'rmdirSync'
  | 'statSync'
  | 'statfsSync'
  | 'symlinkSync'
  | 'truncateSync'
  | 'unlinkSync'
  | 'utimesSync'
  | 'writeFileSync'
  | 'writeSync'
  | 'writevSync'
>;

const modeField = 1;

/** The functions need no `this`: they can be taken apart, as those of `node:fs`. */
export function makeVolumeFs(volume: NativeVolume, results: Native): VolumeFs {
  const modeOf = (path: string | Uint8Array, follow: boolean): number => {
    const result = volume.stat(path, follow, false);
    return result < 0 ? result : (results.numbers[modeField] ?? 0);
  };
  return {
    constants,
    ...descriptorCalls(volume),
    ...nameCalls(volume),
    ...attributeCalls(volume, results),
    ...directoryCalls(volume, modeOf),
    ...wholeFileCalls(volume, results),
  };
}
