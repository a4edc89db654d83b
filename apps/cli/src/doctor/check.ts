/**
 * - `ok`: there.
 * - `warning`: there with a limit, or not there and rarely missed.
 * - `missing`: not there.
 */
export type CheckStatus = 'ok' | 'warning' | 'missing';

/** What the doctor says about one thing; its form in JSON, and stable. */
export interface Check {
  /** Such as `fuse-device`. */
  id: string;
  title: string;
  status: CheckStatus;
  /** Whether no disk can be mounted while it is missing. */
  required: boolean;
  /** What is there, in a line. */
  found: string;
  /** How to get what isn't, in a line. */
  hint: string | null;
}

export function ok(id: string, title: string, found: string): Check {
  return { id, title, status: 'ok', required: false, found, hint: null };
}

export function warning(id: string, title: string, found: string, hint: string): Check {
  return { id, title, status: 'warning', required: false, found, hint };
}

export function missing(id: string, title: string, found: string, hint: string): Check {
  return { id, title, status: 'missing', required: false, found, hint };
}

/** Without this no disk can be mounted. */
export function required(check: Check): Check {
  return { ...check, required: true };
}
