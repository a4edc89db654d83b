import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

type LogLevel = 'info' | 'warning' | 'error';

export interface Log {
  readonly path: string;
  /** One line; never throws: a full disk must not end a server. */
  write(level: LogLevel, event: string, details?: Record<string, unknown>): void;
  close(): void;
}

const rotateBytes = 4 * 1024 * 1024;

/**
 * Appends one JSON object per event and line: `{"time","level","event","pid",…}`. Mode 0600. A file
 * of more than 4 MiB is renamed to `PATH.1` first.
 */
export function openLog(path: string): Log {
  const descriptor = openLogFile(path);
  let open = true;
  return {
    path,
    write(level, event, details = {}) {
      if (!open) return;
      const entry = { time: new Date().toISOString(), level, event, pid: process.pid, ...details };
      try {
        writeSync(descriptor, `${JSON.stringify(entry)}\n`);
      } catch {
        // Nowhere to say so.
      }
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

/** A descriptor for appending, which the caller closes. */
export function openLogFile(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > rotateBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
