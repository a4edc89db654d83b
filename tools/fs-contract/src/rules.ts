import type { Client } from './client.ts';

/** One rule of file systems, and the steps that show whether it holds. */
export interface Case {
  /** `topic: rule`; what `--only` searches and lists of limits name. */
  id: string;
  /** Begins in an empty directory of its own, as umask 0. Whatever it throws is a failure. */
  run: (fs: Client) => void;
}

/** A table of rules: what holds → how to see it. */
export function rules(topic: string, table: Record<string, (fs: Client) => void>): Case[] {
  return Object.entries(table).map(([rule, run]) => ({ id: `${topic}: ${rule}`, run }));
}

/** For steps that need root's rights before they come to another user. */
export function asRoot(run: (fs: Client) => void): (fs: Client) => void {
  return (fs) => run(fs.as('root'));
}
