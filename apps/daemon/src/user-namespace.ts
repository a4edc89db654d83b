import { readFileSync } from 'node:fs';

/** What this process is in its user namespace. @see user_namespaces(7) */
export interface UserNamespace {
  /** Not one of `unshare -U` or a rootless container. */
  isInitial: boolean;
  /** What this user is called outside of it; the user itself where nobody tells. */
  outsideUid: number;
  /** Whether this user can't be told from strangers, all of whom have the same number here. */
  isAmbiguous: boolean;
}

export function readUserNamespace(uid: number): UserNamespace {
  const map = readText('/proc/self/uid_map');
  const overflow = Number(readText('/proc/sys/kernel/overflowuid') ?? 65_534);
  return parseUserNamespace(map, uid, overflow);
}

/** @param map Lines of: first number inside, the same outside, how many. */
export function parseUserNamespace(
  map: string | undefined,
  uid: number,
  overflowUid: number,
): UserNamespace {
  if (map === undefined || /^\s*0\s+0\s+4294967295\s*$/.test(map)) {
    return { isInitial: true, outsideUid: uid, isAmbiguous: false };
  }
  const ranges = map.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const found = ranges.find(([inside = NaN, , count = 0]) => uid >= inside && uid < inside + count);
  const [inside = 0, outside = 0] = found ?? [];
  return {
    isInitial: false,
    outsideUid: found === undefined ? uid : outside + uid - inside,
    isAmbiguous: uid === overflowUid,
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
