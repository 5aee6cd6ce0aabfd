import type { JobEvent } from "../chain/memory/eventLog.ts";
import type { Address, Hex } from "../core/bytes.ts";
import type { JobTerms } from "../core/jobTerms.ts";

/** What an audit reads from a chain of one job: plain data, from which the rest follows. */

/** What the job is, as it was opened. */
export interface OpenedJob {
  readonly chainId: number;
  readonly job: Address;
  readonly terms: JobTerms;
  readonly sponsor: Address;
  readonly pool: bigint;
}

/** A call of a contract that succeeded. */
export interface RecordedCall {
  readonly target: "job" | "court" | "treasury";
  readonly sender: Address;
  readonly input: Hex;
}

/** A wallet's standing in the registry changed. */
export interface RegistryChange {
  readonly name: "Registered" | "OperatorRotated" | "Exited" | "PayoutSet";
  readonly wallet: Address;
  /** The new operator, or the new payout address. */
  readonly account: Address | undefined;
}

export interface RecordedTransaction {
  readonly hash: Hex;
  /** Those of the job and of its court; none where the transaction reached them in a way that could not be seen. */
  readonly calls: readonly RecordedCall[];
  /** What the job said, and the treasury of the job's money. */
  readonly events: readonly JobEvent[];
  /** Before the calls, and after the transaction before. */
  readonly registry: readonly RegistryChange[];
  /** It went through another contract, and the endpoint does not trace: what was called is guessed from the log. */
  readonly indirect: boolean;
  /** Whether its bytes are those that its hash stands for, and its sender who signed them; undefined where it cannot be told. */
  readonly authentic: boolean | undefined;
}

export interface RecordedBlock {
  readonly number: number;
  /** Seconds. */
  readonly time: number;
  readonly hash: Hex;
  readonly transactions: readonly RecordedTransaction[];
}
