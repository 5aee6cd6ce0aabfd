import { jobAbi, treasuryAbi } from "../chain/abi.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import type { JobState } from "../chain/memory/jobStorage.ts";
import { isBetweenRounds } from "../chain/memory/jobStorage.ts";
import { membersOf, viewOf } from "../chain/memory/jobViews.ts";
import { PHASES } from "../core/roundView.ts";
import { plain } from "./compareEvents.ts";
import { Differs } from "./difference.ts";
import type { AuditedJob } from "./source.ts";

/**
 * Holds what the contracts keep at a block against what the replay has come to: a member's credit, its trailing score, the
 * pool. Postings that reached the job unseen show here at the latest.
 * @throws Differs, or what the endpoint throws that does not know the block's state any more
 */
export async function compareState(
  { client }: Endpoint,
  { job: address, treasury }: AuditedJob,
  job: JobState,
  block: { readonly number: number; readonly time: number },
): Promise<void> {
  const blockNumber = BigInt(block.number);
  const contract = { address, abi: jobAbi, blockNumber } as const;
  const [view, count, pool] = await Promise.all([
    client.readContract({ ...contract, functionName: "roundView" }),
    client.readContract({ ...contract, functionName: "memberCount" }),
    client.readContract({ address: treasury, abi: treasuryAbi, functionName: "poolOf", args: [address], blockNumber }),
  ]);
  const same = (item: string, chain: unknown, replay: unknown): void => {
    if (plain(chain) === plain(replay)) return;
    const { round, phase } = job;
    const hint = "postings that came through other contracts leave no trace in the log";
    throw new Differs({ round, phase, item, chain: plain(chain), replay: plain(replay), block: block.number, hint });
  };
  const own = viewOf(job, block);
  same("phase", PHASES[view.phase], own.phase);
  for (const field of isBetweenRounds(job) ? ALWAYS : [...ALWAYS, ...IN_ROUND]) same(field, view[field], own[field]);
  if (job.phase === "commit" || job.phase === "share")
    for (const field of WHILE_SHARED) same(field, view[field], own[field]);
  same("number of members", count, job.members.length);
  const members = await client.readContract({ ...contract, functionName: "members", args: [0n, count] });
  for (const [id, member] of membersOf(job).entries())
    for (const [field, value] of Object.entries(member))
      same(`${field} of member ${id}`, (members[id] as Readonly<Record<string, unknown>> | undefined)?.[field], value);
  same("pool", pool, job.ledgers.poolOf(address));
}

const ALWAYS = ["round", "phaseStart", "phaseStartBlock", "seed", "modelId"] as const;
const IN_ROUND = [
  "cohort",
  "seats",
  "committedMask",
  "passedMask",
  "openedMask",
  "includedMask",
  "bitmaps",
  "liveSeats",
  "firstSlot",
  "slot",
  "includeHash",
  "aggregateRoot",
  "attestedMask",
  "scoreCommittedMask",
  "scoreOpenedMask",
  "openDemands",
  "windowEnd",
  "windowEndBlock",
] as const;
/** From Share's end on they are in the log only. */
const WHILE_SHARED = ["updateRoots", "exampleCounts"] as const;
