import type { ContractFunctionReturnType } from "viem";
import type { Address } from "../core/bytes.ts";
import { PHASES, type Member, type RoundView } from "../core/roundView.ts";
import { jobAbi } from "./abi.ts";
import type { ChainSnapshot } from "./chain.ts";
import { readOpenDemands } from "./demands.ts";
import type { Endpoint } from "./endpoint.ts";
import { createIncludedUpdates } from "./includedUpdates.ts";

/** What one block says of a job. */

type RawView = ContractFunctionReturnType<typeof jobAbi, "view", "roundView">;
type RawMembers = ContractFunctionReturnType<typeof jobAbi, "view", "members">;

/** Where a snapshot is read from. */
export interface SnapshotSource {
  readonly job: Address;
  readonly court: Address;
  /** No event of the job is in an earlier block. */
  readonly fromBlock: number;
}

const lower = (address: string): Address => address.toLowerCase() as Address;

function toRoundView(raw: RawView): RoundView {
  return {
    ...raw,
    phase: PHASES[raw.phase] as RoundView["phase"],
    phaseStart: Number(raw.phaseStart),
    phaseStartBlock: Number(raw.phaseStartBlock),
    blockTime: Number(raw.blockTime),
    blockNumber: Number(raw.blockNumber),
    windowEnd: Number(raw.windowEnd),
    windowEndBlock: Number(raw.windowEndBlock),
  };
}

export function toMember(raw: RawMembers[number]): Member {
  return { ...raw, operator: lower(raw.operator), wallet: lower(raw.wallet) };
}

async function readView({ client }: Endpoint, job: Address): Promise<RoundView> {
  return toRoundView(await client.readContract({ address: job, abi: jobAbi, functionName: "roundView" }));
}

async function readMembers({ client }: Endpoint, job: Address, blockNumber: bigint): Promise<Member[]> {
  const contract = { address: job, abi: jobAbi, blockNumber } as const;
  const count = await client.readContract({ ...contract, functionName: "memberCount" });
  return (await client.readContract({ ...contract, functionName: "members", args: [0n, count] })).map(toMember);
}

/** The round and its members. From Share's end on the view is without the updates' roots and counts. */
export async function readRound(
  endpoint: Endpoint,
  job: Address,
): Promise<{ readonly view: RoundView; readonly members: readonly Member[] }> {
  const view = await readView(endpoint, job);
  return { view, members: await readMembers(endpoint, job, BigInt(view.blockNumber)) };
}

/** @returns reads a snapshot, everything in it from one block; what cannot have changed since `last` is not read again */
export function createSnapshotReader(
  endpoint: Endpoint,
  source: SnapshotSource,
): (last?: ChainSnapshot) => Promise<ChainSnapshot> {
  const fill = createIncludedUpdates(endpoint, source);
  return async (last) => {
    const view = await fill(await readView(endpoint, source.job));
    const block = BigInt(view.blockNumber);
    const known = last !== undefined && keepsMembers(last.view, view);
    const members = known ? last.members : await readMembers(endpoint, source.job, block);
    const demands = view.openDemands === 0 ? [] : await readOpenDemands(endpoint, source, block);
    return { view, members, demands, generation: 0, headTime: view.blockTime };
  };
}

/** Who is suspended, ejected or paid changes when a phase ends, or between rounds. What changes otherwise counts later. */
function keepsMembers(last: RoundView, view: RoundView): boolean {
  const samePhase = last.phase === view.phase && last.phaseStartBlock === view.phaseStartBlock;
  return samePhase && last.round === view.round && view.phase !== "joining" && view.phase !== "draw";
}
