import type { ContractFunctionReturnType } from "viem";
import type { Address } from "../core/bytes.ts";
import { PHASES, type Member, type RoundView } from "../core/roundView.ts";
import { jobAbi } from "./abi.ts";
import { readConfirmed } from "./blocks.ts";
import type { ChainSnapshot } from "./chain.ts";
import { readOpenDemands } from "./demands.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Head } from "./endpoints/head.ts";
import { createIncludedUpdates } from "./includedUpdates.ts";

/** What one block says of a job. */

type RawView = ContractFunctionReturnType<typeof jobAbi, "view", "roundView">;
type RawMembers = ContractFunctionReturnType<typeof jobAbi, "view", "members">;

/** What one block alone says. */
export type BlockSnapshot = Pick<ChainSnapshot, "view" | "members" | "demands">;

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

async function readView({ client }: Endpoint, job: Address, { hash }: Head): Promise<RoundView> {
  const contract = { address: job, abi: jobAbi, blockHash: hash } as const;
  return toRoundView(await client.readContract({ ...contract, functionName: "roundView" }));
}

async function readMembers({ client }: Endpoint, job: Address, { hash }: Head): Promise<Member[]> {
  const contract = { address: job, abi: jobAbi, blockHash: hash } as const;
  const count = await client.readContract({ ...contract, functionName: "memberCount" });
  return (await client.readContract({ ...contract, functionName: "members", args: [0n, count] })).map(toMember);
}

/** The round and its members. From Share's end on the view is without the updates' roots and counts. */
export async function readRound(
  endpoint: Endpoint,
  job: Address,
): Promise<{ readonly view: RoundView; readonly members: readonly Member[] }> {
  const tip = await readConfirmed(endpoint);
  const view = await readView(endpoint, job, tip);
  return { view, members: await readMembers(endpoint, job, tip) };
}

/** @returns reads what a block says; what cannot have changed since `last`, of the same branch, is not read again */
export function createSnapshotReader(
  endpoint: Endpoint,
  source: SnapshotSource,
): (block: Head, last?: BlockSnapshot) => Promise<BlockSnapshot> {
  const fill = createIncludedUpdates(endpoint, source);
  return async (block, last) => {
    const view = await fill(await readView(endpoint, source.job, block));
    const known = last !== undefined && keepsMembers(last.view, view);
    const members = known ? last.members : await readMembers(endpoint, source.job, block);
    const demands = view.openDemands === 0 ? [] : await readOpenDemands(endpoint, source, block);
    return { view, members, demands };
  };
}

/** Who is suspended, ejected or paid changes when a phase ends, or between rounds. What changes otherwise counts later. */
function keepsMembers(last: RoundView, view: RoundView): boolean {
  const samePhase = last.phase === view.phase && last.phaseStartBlock === view.phaseStartBlock;
  return samePhase && last.round === view.round && view.phase !== "joining" && view.phase !== "draw";
}
