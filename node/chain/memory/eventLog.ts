import type { ParseEventLogsReturnType } from "viem";
import type { Address } from "../../core/bytes.ts";
import type { jobAbi, treasuryAbi } from "../abi.ts";

/** What the contracts say of a job: the job itself, and the treasury of the job's money. */

type Log = ParseEventLogsReturnType<readonly [...typeof jobAbi, ...typeof treasuryAbi], undefined, true>[number];
/** The treasury's own claims are of no job. */
export type JobEventName = Exclude<Log["eventName"], "Claimed">;
/** Without the treasury's first argument, which is the job. */
export type ArgsOf<Name extends JobEventName> = Omit<Extract<Log, { eventName: Name }>["args"], "job">;

export interface JobEvent {
  readonly name: JobEventName;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Tells whoever listens what the contracts would have said, in their order. */
export class EventLog {
  readonly #listener: ((job: Address, event: JobEvent) => void) | undefined;

  constructor(listener?: (job: Address, event: JobEvent) => void) {
    this.#listener = listener;
  }

  emit<Name extends JobEventName>(job: Address, name: Name, args: ArgsOf<Name>): void {
    this.#listener?.(job, { name, args });
  }
}
