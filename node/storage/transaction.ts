import { PacelineError } from "../core/errors.ts";

/** What both storages refuse of a transaction. */

export function nestedTransaction(): PacelineError {
  return new PacelineError("bad-argument", "a transaction is open already: do all that belongs together in one");
}

/** @throws PacelineError `bad-argument` for a promise */
export function requireSynchronous<T>(result: T): T {
  if (result instanceof Promise) {
    result.catch(() => undefined); // the mistake is told by the throw
    throw new PacelineError("bad-argument", "the work of a transaction is asynchronous: await before it, not within");
  }
  return result;
}
