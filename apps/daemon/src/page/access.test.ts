import { describe, expect, it } from 'vitest';
import { Access } from './access.ts';

const cookieOf = (access: Access, key: string): string => {
  const secret = access.enter(key);
  if (secret === undefined) throw new Error('refused');
  return `${access.cookieName}=${secret}`;
};

describe('Access', () => {
  it('changes a key of 256 bits for a session, once', () => {
    const access = new Access(80);
    const key = access.newKey();
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    const cookie = cookieOf(access, key);
    expect(access.allows(cookie)).toBe(true);
    expect(access.allows(`other=1; ${cookie}; more=2`)).toBe(true);
    expect(access.enter(key)).toBeUndefined();
    expect(access.allows(cookie)).toBe(true);
  });

  it.each(['', 'x', 'A'.repeat(43), 'ü'.repeat(100_000), '\0'])('knows no key %.10j', (key) => {
    const access = new Access(80);
    access.newKey();
    expect(access.enter(key)).toBeUndefined();
  });

  it('takes neither a key for a session nor the session of another page', () => {
    const [access, other] = [new Access(80), new Access(81)];
    expect(access.allows(`${access.cookieName}=${access.newKey()}`)).toBe(false);
    expect(access.allows(cookieOf(other, other.newKey()))).toBe(false);
    expect(access.allows(undefined)).toBe(false);
    expect(access.allows(`${access.cookieName}=`)).toBe(false);
  });

  it('ends the session that leaves, and no other', () => {
    const access = new Access(80);
    const [one, two] = [cookieOf(access, access.newKey()), cookieOf(access, access.newKey())];
    access.leave(one);
    expect([access.allows(one), access.allows(two)]).toEqual([false, true]);
  });

  it('keeps so many keys and sessions and no more, the newest', () => {
    const access = new Access(80);
    const keys = Array.from({ length: 1_000 }, () => access.newKey());
    expect(access.enter(keys[0] ?? '')).toBeUndefined();
    expect(access.enter(keys.at(-1) ?? '')).toBeDefined();
    const cookies = keys.map(() => cookieOf(access, access.newKey()));
    expect(access.allows(cookies[0])).toBe(false);
    expect(access.allows(cookies.at(-1))).toBe(true);
  });
});
