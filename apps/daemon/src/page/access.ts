import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const secretBytes = 32;
/** More are not open at a time; the oldest goes. */
const keysMax = 16;
const sessionsMax = 64;

/**
 * Who may see a page. A key is handed out in an address and works once: it is changed for a
 * session, which lives in a cookie until the page ends. Only hashes are kept.
 */
export class Access {
  /** Browsers send cookies to every port of a host: the name tells pages apart. */
  readonly cookieName: string;
  readonly #keys: Buffer[] = [];
  readonly #sessions: Buffer[] = [];

  constructor(port: number) {
    this.cookieName = `ram-page-${port}`;
  }

  /** 256 random bits, for one entry. */
  newKey(): string {
    return issue(this.#keys, keysMax);
  }

  /** The secret of a new session, or undefined when the key was never given or is used up. */
  enter(key: string): string | undefined {
    return take(this.#keys, key) ? issue(this.#sessions, sessionsMax) : undefined;
  }

  /** @param cookies The header of a request. */
  allows(cookies: string | undefined): boolean {
    return this.#secretsIn(cookies).some((secret) => find(this.#sessions, secret) !== -1);
  }

  /** Ends the session of a request. */
  leave(cookies: string | undefined): void {
    for (const secret of this.#secretsIn(cookies)) take(this.#sessions, secret);
  }

  /** No other site may send it along, and no script may read it. */
  cookieFor(secret: string): string {
    return `${this.cookieName}=${secret}; Path=/; HttpOnly; SameSite=Strict`;
  }

  #secretsIn(cookies = ''): string[] {
    const prefix = `${this.cookieName}=`;
    return cookies
      .split(/; */)
      .filter((cookie) => cookie.startsWith(prefix))
      .map((cookie) => cookie.slice(prefix.length));
  }
}

function issue(hashes: Buffer[], max: number): string {
  const secret = randomBytes(secretBytes).toString('base64url');
  hashes.push(hash(secret));
  if (hashes.length > max) hashes.shift();
  return secret;
}

function take(hashes: Buffer[], secret: string): boolean {
  const index = find(hashes, secret);
  if (index !== -1) hashes.splice(index, 1);
  return index !== -1;
}

/** In a time that tells nothing of what is compared with: all hashes, each as a whole. */
function find(hashes: readonly Buffer[], secret: string): number {
  const wanted = hash(secret);
  let found = -1;
  for (const [index, one] of hashes.entries()) if (timingSafeEqual(one, wanted)) found = index;
  return found;
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
