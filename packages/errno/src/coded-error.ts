/** An error with a stable code, as Node throws for programming mistakes. */
export interface CodedError extends Error {
  code: string;
}

interface ErrorConstructorLike {
  new (message: string, options?: ErrorOptions): Error;
  readonly prototype: Error;
}

/**
 * An error in the shape of Node's own coded errors: `code` is an own property, `name` stays that
 * of the base, and the stack and `toString()` say `TypeError [CODE]: message`.
 *
 * @param caller The public function that is left out of the stack, with all that it called.
 */
export function codedError(
  Base: ErrorConstructorLike,
  code: string,
  message: string,
  caller: (...args: never[]) => unknown,
  options?: ErrorOptions,
): CodedError {
  const error = new Base(message, options);
  // V8 writes the head of the stack from the name that the error has at this moment.
  const name = { value: `${Base.prototype.name} [${code}]`, configurable: true, writable: true };
  Object.defineProperty(error, 'name', name);
  Error.captureStackTrace(error, caller);
  void error.stack;
  Reflect.deleteProperty(error, 'name');
  Object.defineProperty(error, 'toString', {
    value: codedToString,
    configurable: true,
    writable: true,
  });
  return Object.assign(error, { code });
}

function codedToString(this: CodedError): string {
  return `${this.name} [${this.code}]: ${this.message}`;
}
