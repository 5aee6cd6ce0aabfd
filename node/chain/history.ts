import { getAbiItem, parseEventLogs, type ParseEventLogsReturnType } from "viem";
import type { Address } from "../core/bytes.ts";
import { jobAbi } from "./abi.ts";
import type { JobHistory, RoundOutcome, SettledRound, Slash } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import { EventCache, type PlacedEvent } from "./eventCache.ts";
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
const ITEMS = EVENTS.map((name) => getAbiItem({ abi: jobAbi, name }));

type JobLog = ParseEventLogsReturnType<typeof jobAbi, (typeof EVENTS)[number][], true>[number];
type ArgsOf<Name extends JobLog["eventName"]> = Extract<JobLog, { eventName: Name }>["args"];
type EventOf<Log> = Log extends JobLog ? Pick<Log, "eventName" | "args"> : never;
type JobEvent = EventOf<JobLog>;

interface JobLogSource {
  readonly job: Address;
  readonly fromBlock: number;
}

/** What became of each round, from the job's log. Throws PacelineError `chain-unreachable`. */
export function readHistory(endpoint: Endpoint, source: JobLogSource, fromRound: number): Promise<JobHistory> {
  return createHistoryReader(endpoint, source).read(fromRound);
}

/** Reads what became of rounds. */
export interface HistoryReader {
  /** What was read once is not read again, unless a reorganisation took it back. Throws PacelineError `chain-unreachable`. */
  read(fromRound: number): Promise<JobHistory>;
  /** Reads everything anew the next time: who was asked may have told of a block, and not yet of its events. */
  forget(): void;
}

export function createHistoryReader(endpoint: Endpoint, { job, fromBlock }: JobLogSource): HistoryReader {
  const cache = new EventCache<JobEvent>({
    endpoint,
    fromBlock,
    read: (from, to) => readEvents(endpoint, job, from, to),
    roundDrawn: ({ eventName, args }) => (eventName === "RoundDrawn" ? args.round : undefined),
  });
  return {
    read: async (fromRound) => historyOf(await cache.since(fromRound), fromRound),
    forget: () => cache.forget(),
  };
}

async function readEvents(
  endpoint: Endpoint,
  job: Address,
  from: number,
  to: number,
): Promise<PlacedEvent<JobEvent>[]> {
  const logs = await readLogs(endpoint, { address: job, events: ITEMS }, from, to);
  const parsed = parseEventLogs({ abi: jobAbi, logs, eventName: [...EVENTS] });
  return parsed.map(({ eventName, args, blockNumber }) => ({
    block: Number(blockNumber),
    event: { eventName, args } as JobEvent,
  }));
}

/** @param events of whole rounds, oldest first */
function historyOf(events: readonly JobEvent[], fromRound: number): JobHistory {
  const faulty = new Set(events.flatMap(({ eventName, args }) => (eventName === "RoundFaulty" ? [args.round] : [])));
  const rounds: RoundOutcome[] = [];
  const slashes: Slash[] = [];
  let drawn: ArgsOf<"RoundDrawn"> | undefined;
  let withheld: number[] = [];
  for (const { eventName, args } of events) {
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
