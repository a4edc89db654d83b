// A model of what events the calls of node:fs cause, simple enough to be seen to be right.

/** What a listener must hear. Sizes are those of files; of directories they are not compared. */
export interface ExpectedEvent {
  type: string;
  path: string | undefined;
  fromPath?: string;
  sizeBytes?: number;
  written?: boolean;
}

interface Node {
  isFile: boolean;
  size: number;
  /** The name it got last, and has still. */
  known: string | undefined;
}

export interface OpenNode {
  node: Node;
  canRead: boolean;
  canWrite: boolean;
  appends: boolean;
  position: number;
  wrote: boolean;
}

export class EventModel {
  readonly names = new Map<string, Node>();

  mkdir(path: string): ExpectedEvent[] {
    const node = { isFile: false, size: 0, known: path };
    this.names.set(path, node);
    return [this.#about('created', node)];
  }

  symlink(path: string): ExpectedEvent[] {
    return this.mkdir(path);
  }

  link(from: string, path: string): ExpectedEvent[] {
    const node = this.#node(from);
    this.names.set(path, node);
    node.known = path;
    return [this.#about('created', node)];
  }

  /** flags: r, r+, w+, a+; the last two create. */
  open(path: string, flags: string): { open: OpenNode; events: ExpectedEvent[] } {
    const events: ExpectedEvent[] = [];
    let node = this.names.get(path);
    let cuts = false;
    if (node === undefined) {
      node = { isFile: true, size: 0, known: path };
      this.names.set(path, node);
      events.push(this.#about('created', node));
    } else if (flags === 'w+') {
      cuts = true;
      node.size = 0;
      events.push(this.#about('truncated', node));
    }
    events.push(this.#about('opened', node));
    const canWrite = flags !== 'r';
    const open = {
      node,
      canRead: true,
      canWrite,
      appends: flags === 'a+',
      position: 0,
      wrote: cuts,
    };
    return { open, events };
  }

  write(open: OpenNode, length: number): ExpectedEvent[] {
    const at = open.appends ? open.node.size : open.position;
    open.position = at + length;
    open.node.size = Math.max(open.node.size, open.position);
    open.wrote = true;
    return [this.#about('written', open.node)];
  }

  read(open: OpenNode, length: number): ExpectedEvent[] {
    const got = Math.min(length, Math.max(0, open.node.size - open.position));
    open.position += got;
    return got === 0 ? [] : [this.#about('read', open.node)];
  }

  truncate(open: OpenNode, size: number): ExpectedEvent[] {
    open.node.size = size;
    open.wrote = true;
    return [this.#about('truncated', open.node)];
  }

  close(open: OpenNode): ExpectedEvent[] {
    return [{ ...this.#about('closed', open.node), written: open.wrote }];
  }

  chmod(path: string): ExpectedEvent[] {
    return [this.#about('attributes', this.#node(path))];
  }

  remove(path: string): ExpectedEvent[] {
    const node = this.#node(path);
    this.names.delete(path);
    if (node.known === path) node.known = undefined;
    return [{ ...this.#about('removed', node), path }];
  }

  rename(from: string, to: string): ExpectedEvent[] {
    const node = this.#node(from);
    const replaced = this.names.get(to);
    if (replaced === node) return [];
    const events = replaced === undefined ? [] : this.remove(to);
    for (const [path, inside] of this.names) {
      if (!path.startsWith(`${from}/`)) continue;
      const moved = to + path.slice(from.length);
      this.names.delete(path);
      this.names.set(moved, inside);
      if (inside.known === path) inside.known = moved;
    }
    this.names.delete(from);
    this.names.set(to, node);
    node.known = to;
    return [...events, { ...this.#about('renamed', node), fromPath: from }];
  }

  /** Directories and files, as paths. */
  paths(isFile: boolean): string[] {
    return [...this.names].filter(([, node]) => node.isFile === isFile).map(([path]) => path);
  }

  isEmpty(path: string): boolean {
    return ![...this.names.keys()].some((name) => name.startsWith(`${path}/`));
  }

  #node(path: string): Node {
    const node = this.names.get(path);
    if (node === undefined) throw new Error(`The model has no ${path}`);
    return node;
  }

  #about(type: string, { isFile, size, known }: Node): ExpectedEvent {
    return isFile ? { type, path: known, sizeBytes: size } : { type, path: known };
  }
}
