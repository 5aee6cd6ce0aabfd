/**
 * The one error type of Paceline. `code` is stable and documented in docs/errors.md; `message` says what is wrong, where,
 * and what to do. A user sees the message, never the stack.
 */
export class PacelineError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "PacelineError";
    this.code = code;
    this.facts = facts;
  }
}

/** What went wrong, by the part of the house it went wrong in. */
export type ErrorCode =
  | "bad-argument" // a value outside its documented range: a mistake of the caller
  | "bad-input" // a file or option the user gave is malformed
  | "not-found" // a file, a folder, a job, a blob that is not there
  | "wrong-password"
  | "wrong-chain" // the endpoint answers for another chain, or has no contract at the address
  | "chain-unreachable"
  | "endpoints-disagree" // about the same chain, and none has a majority
  | "rejected" // the contract refused a transaction
  | "insufficient-funds"
  | "not-registered"
  | "bad-message" // a peer sent what the protocol does not allow
  | "bad-blob" // bytes that do not hash to the root they were asked for
  | "storage-failed" // the disk is read-only, not permitted, or its files are damaged
  | "disk-full" // no room on the disk for what is to be kept, or none beside the reserve
  | "timeout"
  | "contradiction" // this operator has signed something else before
  | "closed" // used after stop()
  | "diverged" // training ended in something that is no number
  | "unsupported";

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
