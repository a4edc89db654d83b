// What @ram/memfile should do, said simply: names in one directory, and contents in memory.
import { readlinkSync } from 'node:fs';
import type { Place } from './place.ts';

export type Entry =
  | { kind: 'memfile'; target: string }
  | { kind: 'regular'; text: string }
  | { kind: 'directory' | 'dangling' };

/** One that has neither text nor record is forgotten. */
export interface Content {
  text: string | undefined;
  recorded: boolean;
}

const refusals: Record<string, string> = {
  regular: 'ERR_RAM_MEMFILE_REGULAR_FILE',
  directory: 'ERR_RAM_MEMFILE_DIRECTORY',
  dangling: 'ERR_RAM_MEMFILE_DANGLING_FOREIGN_LINK',
};
const stale = 'ERR_RAM_MEMFILE_STALE';

/** Each method does what the call of the same name would, and gives its code, or `done`. */
export class Model {
  readonly names = new Map<string, Entry>();
  readonly contents = new Map<string, Content>();
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** After the real call, whose choice of a content's name is taken over. */
  open(name: string, flags: string, added: string): string {
    const entry = this.names.get(name);
    const creates = /[wa]/.test(flags);
    if (entry === undefined) {
      if (!creates) return 'ENOENT';
      this.#link(name, added);
      return 'done';
    }
    if (entry.kind !== 'memfile') return refusals[entry.kind] ?? '';
    const text = this.#textOf(entry.target);
    if (text === undefined && !creates) return stale;
    if (text !== undefined && flags.includes('x')) return 'EEXIST';
    const kept = flags.includes('w') ? '' : (text ?? '');
    // Not at the end but over it; all texts of a test are equally long.
    const written = flags === 'r' ? kept : flags === 'r+' ? added + kept.slice(added.length) : '';
    const next = flags.startsWith('r') ? written : kept + added;
    this.contents.set(entry.target, { text: next, recorded: true });
    return 'done';
  }

  remove(name: string): string {
    const entry = this.names.get(name);
    if (entry === undefined) return 'ENOENT';
    if (entry.kind !== 'memfile') return refusals[entry.kind] ?? '';
    this.#drop(name, entry.target);
    return 'done';
  }

  persist(name: string, to: string): string {
    const entry = this.names.get(name);
    if (entry === undefined) return 'ENOENT';
    if (entry.kind !== 'memfile') return refusals[entry.kind] ?? '';
    const text = this.#textOf(entry.target);
    if (text === undefined) return stale;
    if (to !== name && this.names.has(to)) return 'EEXIST';
    this.#drop(name, entry.target);
    this.names.set(to, { kind: 'regular', text });
    return 'done';
  }

  memorize(name: string): string {
    const entry = this.names.get(name);
    if (entry === undefined) return 'ENOENT';
    if (entry.kind === 'memfile') {
      return this.#textOf(entry.target) === undefined ? stale : 'ERR_RAM_MEMFILE_NOT_A_MEMFILE';
    }
    if (entry.kind !== 'regular') return refusals[entry.kind] ?? '';
    this.#link(name, entry.text);
    return 'done';
  }

  /** With the directory of the links searched. */
  gc(unrecorded: boolean): string {
    for (const [target, { text, recorded }] of this.contents) {
      const isLinked = this.linkTo(target) !== undefined;
      if (isLinked || text === undefined) continue;
      if (recorded || unrecorded) this.contents.delete(target);
    }
    for (const [name, entry] of this.names) {
      if (entry.kind !== 'memfile' || this.#textOf(entry.target) !== undefined) continue;
      this.#drop(name, entry.target);
    }
    return 'done';
  }

  /** What `list` says, with the directory of the links searched. */
  states(): Record<string, string> {
    const states: Record<string, string> = {};
    for (const [target, { text, recorded }] of this.contents) {
      const isLinked = this.linkTo(target) !== undefined;
      if (isLinked) states[target] = text === undefined ? 'stale' : 'live';
      else if (!recorded) states[target] = 'unrecorded';
      // Its maker, this process, might be at it.
      else states[target] = text === undefined ? 'making' : 'orphaned';
    }
    for (const entry of this.names.values()) {
      if (entry.kind === 'memfile') states[entry.target] ??= 'stale';
    }
    return states;
  }

  linkTo(target: string): string | undefined {
    const isIt = ([, entry]: [string, Entry]) =>
      entry.kind === 'memfile' && entry.target === target;
    return [...this.names].find(isIt)?.[0];
  }

  /** By hand: the content is gone, or its record. */
  lose(target: string, what: Partial<Content>): void {
    const next = { text: undefined, recorded: false, ...this.contents.get(target), ...what };
    if (next.text === undefined && !next.recorded) this.contents.delete(target);
    else this.contents.set(target, next);
  }

  #textOf(target: string): string | undefined {
    return this.contents.get(target)?.text;
  }

  #link(name: string, text: string): void {
    const target = readlinkSync(this.#place.at(name));
    this.names.set(name, { kind: 'memfile', target });
    this.contents.set(target, { text, recorded: true });
  }

  #drop(name: string, target: string): void {
    this.names.delete(name);
    this.contents.delete(target);
  }
}
