import { parseEventLogs, type ContractEventName } from "viem";
import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { jobAbi } from "./abi.ts";
import type { JobHistory, RoundOutcome, Slash } from "./chain.ts";
import { shownUrl, type Endpoint } from "./endpoint.ts";

const EVENTS = [
  "RoundDrawn",
  "Proposed",
  "RoundSettled",
  "RoundSkipped",
  "MemberFaulted",
  "MemberMissed",
] as const satisfies readonly ContractEventName<typeof jobAbi>[];

/** What became of each round, from the job's log. */
export async function readHistory(
  endpoint: Endpoint,
  source: { readonly job: Address; readonly fromBlock: number },
  fromRound: number,
): Promise<JobHistory> {
  const { client } = endpoint;
  const logs = await client
    .getLogs({ address: source.job, fromBlock: BigInt(source.fromBlock), toBlock: "latest" })
    .catch((error: unknown) => {
      throw new PacelineError(
        "chain-unreachable",
        `${shownUrl(endpoint.url)} did not give the job's events`,
        {},
        error,
      );
    });
  const count = await client.readContract({ address: source.job, abi: jobAbi, functionName: "memberCount" });
  const members = await client.readContract({
    address: source.job,
    abi: jobAbi,
    functionName: "members",
    args: [0n, count],
  });
  const memberOf = (operator: string): number =>
    members.findIndex((member) => member.operator.toLowerCase() === operator.toLowerCase());

  const rounds: RoundOutcome[] = [];
  const slashes: Slash[] = [];
  let cohort: readonly number[] = [];
  let aggregator = -1;
  for (const { eventName, args } of parseEventLogs({ abi: jobAbi, logs, eventName: [...EVENTS] })) {
    switch (eventName) {
      case "RoundDrawn":
        cohort = args.cohort;
        break;
      case "Proposed":
        aggregator = memberOf(args.operator);
        break;
      case "RoundSettled": {
        const { round, aggregateRoot, modelId, includedMask, contributorsPay, paid } = args;
        const settled = {
          aggregateRoot,
          modelId,
          includedMask,
          contributorsPay,
          paid,
          cohort,
          aggregator,
          scores: args.scores.map(Number),
        };
        if (round >= fromRound) rounds.push({ round, settled });
        break;
      }
      case "RoundSkipped":
        if (args.round >= fromRound) rounds.push({ round: args.round, settled: undefined });
        break;
      case "MemberFaulted":
        if (args.round >= fromRound) {
          slashes.push({
            round: args.round,
            memberId: args.memberId,
            prover: args.prover.toLowerCase() as Address,
            taken: args.taken,
          });
        }
        break;
      case "MemberMissed":
        if (args.round >= fromRound)
          slashes.push({ round: args.round, memberId: args.memberId, prover: undefined, taken: args.taken });
        break;
    }
  }
  return { rounds, slashes };
}
