import { getAbiItem, parseEventLogs, type ParseEventLogsReturnType } from "viem";
import type { Address } from "../core/bytes.ts";
import { jobAbi } from "./abi.ts";
import type { JobHistory, RoundOutcome, SettledRound, Slash } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import { readLogs } from "./logs.ts";

const EVENTS = [
  "RoundDrawn",
  "UpdateWithheld",
  "RoundSettled",
  "RoundSkipped",
  "RoundFaulty",
  "MemberFaulted",
  "MemberMissed",
] as const;

type JobLog = ParseEventLogsReturnType<typeof jobAbi, (typeof EVENTS)[number][], true>[number];
type ArgsOf<Name extends JobLog["eventName"]> = Extract<JobLog, { eventName: Name }>["args"];

/** What became of each round, from the job's log. Throws PacelineError `chain-unreachable`. */
export async function readHistory(
  endpoint: Endpoint,
  source: { readonly job: Address; readonly fromBlock: number },
  fromRound: number,
): Promise<JobHistory> {
  const events = EVENTS.map((name) => getAbiItem({ abi: jobAbi, name }));
  const logs = await readLogs(endpoint, { address: source.job, events }, source.fromBlock);
  const parsed = parseEventLogs({ abi: jobAbi, logs, eventName: [...EVENTS] });
  const faulty = new Set(parsed.flatMap((log) => (log.eventName === "RoundFaulty" ? [log.args.round] : [])));
  const rounds: RoundOutcome[] = [];
  const slashes: Slash[] = [];
  let drawn: ArgsOf<"RoundDrawn"> | undefined;
  let withheld: number[] = [];
  for (const { eventName, args } of parsed) {
    switch (eventName) {
      case "RoundDrawn":
        [drawn, withheld] = [args, []];
        break;
      case "UpdateWithheld":
        withheld.push(args.memberId);
        break;
      case "RoundSettled":
        rounds.push({ round: args.round, settled: toSettled(args, drawn, faulty.has(args.round)), withheld });
        break;
      case "RoundSkipped":
        rounds.push({ round: args.round, settled: undefined, withheld });
        break;
      case "MemberFaulted":
      case "MemberMissed":
        slashes.push({
          round: args.round,
          memberId: args.memberId,
          prover: "prover" in args ? (args.prover.toLowerCase() as Address) : undefined,
          taken: args.taken,
        });
        break;
      case "RoundFaulty":
        break; // read before
    }
  }
  const isAsked = ({ round }: { readonly round: number }): boolean => round >= fromRound;
  return { rounds: rounds.filter(isAsked), slashes: slashes.filter(isAsked) };
}

function toSettled(
  { record, modelId, includedMask, scores, contributorsPay, judgesPay, paid }: ArgsOf<"RoundSettled">,
  drawn: ArgsOf<"RoundDrawn"> | undefined,
  faulty: boolean,
): SettledRound {
  return {
    aggregateRoot: record.aggregateRoot,
    modelId,
    includedMask,
    scores: scores.map(Number),
    contributorsPay,
    judgesPay,
    paid,
    cohort: drawn?.cohort ?? [],
    seats: drawn?.seats ?? [],
    aggregator: record.poster,
    faulty,
  };
}
