import type { JobChain } from "../../chain/chain.ts";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import type { Log } from "../log.ts";

/**
 * A wallet has rotated to this operator's key, and the job still has the one before: tells the job, which takes the new one
 * from the next draw on. It goes on without where that fails, as where there is no coin for gas: anybody else may tell it.
 * @param wallet whose operator this is, in the registry
 */
export async function takeOverOperator(chain: JobChain, wallet: Address | undefined, log: Log): Promise<void> {
  const { members } = await chain.snapshot();
  const memberId = members.findIndex((member) => member.wallet === wallet);
  const member = members[memberId];
  if (member === undefined || member.operator === chain.operator) return;
  try {
    await chain.refreshOperator(memberId);
    const text = `the job takes over this operator from ${member.operator} at its next draw`;
    log.event("operator", { memberId, before: member.operator }, text);
  } catch (error) {
    if (!wasTold(error)) log.problem("refreshOperator", error);
  }
}

function wasTold(error: unknown): boolean {
  return error instanceof PacelineError && error.facts["error"] === "OperatorUnchanged";
}
