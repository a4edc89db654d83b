// The protocols of this package are generators that yield one system call at a time: they are
// written once, run synchronously or not, and tests stop or interleave them between any two calls.

/** One call. It changes one thing or, when it fails, nothing. */
export interface Step<T> {
  readonly name: string;
  now(): T;
  /** Used by asynchronous runs where the call may wait for a disk. */
  readonly later?: () => Promise<T>;
}

export type Steps<T> = Generator<Step<unknown>, T, unknown>;

/** Called before each step. */
export type Watch = (name: string) => void;

/** `yield*` it. */
export function* perform<T>(step: Step<T>): Steps<T> {
  return (yield step) as T;
}

export function runSync<T>(steps: Steps<T>, watch?: Watch): T {
  let next = steps.next();
  while (next.done !== true) {
    watch?.(next.value.name);
    let value: unknown;
    let failure: { error: unknown } | undefined;
    try {
      value = next.value.now();
    } catch (error) {
      failure = { error };
    }
    next = failure === undefined ? steps.next(value) : steps.throw(failure.error);
  }
  return next.value;
}

export async function runAsync<T>(steps: Steps<T>, watch?: Watch): Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    watch?.(next.value.name);
    const { now, later } = next.value;
    let value: unknown;
    let failure: { error: unknown } | undefined;
    try {
      value = later === undefined ? now() : await later();
    } catch (error) {
      failure = { error };
    }
    next = failure === undefined ? steps.next(value) : steps.throw(failure.error);
  }
  return next.value;
}
