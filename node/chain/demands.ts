import { getAbiItem, parseEventLogs, type Log } from "viem";
import { fromHex, type Address } from "../core/bytes.ts";
import { courtAbi, jobAbi, registryAbi } from "./abi.ts";
import type { DemandAnswer, OpenDemand } from "./chain.ts";
import { readConfirmed } from "./blocks.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Head } from "./endpoints/head.ts";
import { findLastLog, readLogs } from "./logs.ts";

/** Demands on a job's standing proposal: what is open, what was answered, what the next one costs. */

const PROPOSED = getAbiItem({ abi: jobAbi, name: "Proposed" });
const COURT_EVENTS = [getAbiItem({ abi: courtAbi, name: "Demanded" }), getAbiItem({ abi: courtAbi, name: "Answered" })];
/** As in contracts/court/Demands.sol. */
const BOND_GAS = 300_000n;
const PUBLIC_PLACES = 8;
/** Of the price in the newest block, in percent: the base fee can rise by an eighth a block. */
const BOND_PERCENT = 150n;

interface DemandSource {
  readonly job: Address;
  readonly court: Address;
  readonly registry: Address;
  readonly fromBlock: number;
}

export async function readOpenDemands(
  { client }: Endpoint,
  { job, court }: Pick<DemandSource, "job" | "court">,
  { hash }: Pick<Head, "hash">,
): Promise<OpenDemand[]> {
  const contract = { address: court, abi: courtAbi, blockHash: hash } as const;
  const open = await client.readContract({ ...contract, functionName: "openDemands", args: [job] });
  return open.map(({ id, demander, deadline, bond, node }) => ({
    id: Number(id),
    demander: demander.toLowerCase() as Address,
    deadline: Number(deadline),
    bond,
    node,
  }));
}

/** Answers to demands on the standing proposal, oldest first. */
export async function readAnswers(endpoint: Endpoint, source: Omit<DemandSource, "registry">): Promise<DemandAnswer[]> {
  const { client } = endpoint;
  const tip = await readConfirmed(endpoint);
  const contract = {
    address: source.job,
    abi: jobAbi,
    functionName: "standingProposal",
    blockHash: tip.hash,
  } as const;
  const [, , , , , standingRoot] = await client.readContract(contract);
  if (BigInt(standingRoot) === 0n) return [];
  const query = { address: source.job, events: [PROPOSED] };
  const proposed = await findLastLog(endpoint, query, tip.number, source.fromBlock);
  if (proposed === undefined) return [];
  const logs = await readLogs(
    endpoint,
    { address: source.court, events: COURT_EVENTS },
    Number(proposed.blockNumber),
    tip.number,
  );
  const ours = parseEventLogs({ abi: courtAbi, logs }).filter(
    (log) => "job" in log.args && log.args.job.toLowerCase() === source.job && isAfter(log, proposed),
  );
  const nodes = new Map(
    ours.flatMap(({ eventName, args }) => (eventName === "Demanded" ? [[args.id, args.node]] : [])),
  );
  return ours.flatMap(({ eventName, args }) => {
    const node = eventName === "Answered" ? nodes.get(args.id) : undefined;
    return eventName === "Answered" && node !== undefined
      ? [{ id: Number(args.id), node, data: fromHex(args.data) }]
      : [];
  });
}

/**
 * What `demander` sends with its next demand, in the chain's coin; what is too much stays its own in the court. Worked out as
 * the court does: who asks for its `price` is shown a base fee of zero by some nodes. Who was not drawn in the round pays twice as
 * much with each demand of others like it; all open ones are counted here.
 */
export async function readBond(
  endpoint: Endpoint,
  source: Pick<DemandSource, "job" | "court" | "registry">,
  demander: Address,
): Promise<bigint> {
  const { client } = endpoint;
  const { baseFeePerGas, hash } = await client.getBlock();
  const bond = (BOND_GAS * (baseFeePerGas ?? 0n) * BOND_PERCENT) / 100n;
  const contract = { address: source.registry, abi: registryAbi, functionName: "walletOf" } as const;
  const wallet = await client.readContract({ ...contract, args: [demander] });
  const holder = BigInt(wallet) === 0n ? demander : wallet;
  const drawn = { address: source.job, abi: jobAbi, functionName: "isDrawn", args: [holder] } as const;
  if (await client.readContract(drawn)) return bond;
  const open = await readOpenDemands(endpoint, source, { hash });
  return bond << BigInt(Math.min(open.length, PUBLIC_PLACES - 1));
}

function isAfter(log: Log, earlier: Log): boolean {
  const blocks = Number(log.blockNumber) - Number(earlier.blockNumber);
  return blocks > 0 || (blocks === 0 && Number(log.logIndex) > Number(earlier.logIndex));
}
