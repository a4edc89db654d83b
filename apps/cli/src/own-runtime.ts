import { checkPrivateDirectory, findPlaces } from '@ram/daemon';

/**
 * The directory of states and sockets, if it is this user's: what is in it decides which processes
 * are asked and ended.
 *
 * @throws ERR_RAM_NOT_PERMITTED
 */
export function ownRuntime(): string {
  const { runtime } = findPlaces();
  checkPrivateDirectory(runtime);
  return runtime;
}
