import type { ErrorCode } from "../core/errors.ts";

/** How `paceline` ends. The same table stands in docs/errors.md. */

export const EXIT_OK = 0;
/** `simulate`: the run ended, but a check of its report did not hold. */
export const EXIT_CHECK_FAILED = 1;
/** `start`: the job ended as failed. */
export const EXIT_JOB_FAILED = 20;
/** `audit`: the chain, or a blob, is not what the rules make of the rest. */
export const EXIT_DIFFERS = 21;
/** `audit`: nothing differs, but blobs were missing in the folders that were given. */
export const EXIT_INCOMPLETE = 22;
/** A second signal, while the first was being obeyed. */
export const EXIT_INTERRUPTED = 130;

/** Every code that a command can end with; `internal` is a mistake of the program. */
export type FailureCode = ErrorCode | "internal";

export const EXIT_CODES: Readonly<Record<FailureCode, number>> = {
  "bad-input": 2,
  "not-found": 3,
  "wrong-password": 4,
  "wrong-chain": 5,
  "chain-unreachable": 6,
  rejected: 7,
  "insufficient-funds": 8,
  "not-registered": 9,
  "storage-failed": 10,
  timeout: 11,
  "bad-message": 12,
  "bad-blob": 13,
  closed: 14,
  unsupported: 15,
  diverged: 16,
  contradiction: 17,
  "disk-full": 18,
  "endpoints-disagree": 19,
  "bad-argument": 70,
  internal: 70,
};
