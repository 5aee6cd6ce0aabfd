import { getAbiItem, parseEventLogs, type Log } from "viem";
import { fromHex, type Address } from "../core/bytes.ts";
import { courtAbi, jobAbi } from "./abi.ts";
import type { DemandAnswer, OpenDemand } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import { findLastLog, readLogs } from "./logs.ts";

/** Demands on a job's standing proposal: what is open, what was answered, what the next one costs. */

const PROPOSED = getAbiItem({ abi: jobAbi, name: "Proposed" });
const COURT_EVENTS = [getAbiItem({ abi: courtAbi, name: "Demanded" }), getAbiItem({ abi: courtAbi, name: "Answered" })];
/** As in contracts/court/Demands.sol. */
const BOND_GAS = 300_000n;
/** Of the price in the newest block, in percent: the base fee can rise by an eighth a block, and what is too much comes back. */
const BOND_PERCENT = 150n;

interface DemandSource {
  readonly job: Address;
  readonly court: Address;
  readonly fromBlock: number;
}

export async function readOpenDemands(
  { client }: Endpoint,
  { job, court }: Pick<DemandSource, "job" | "court">,
  blockNumber: bigint,
): Promise<OpenDemand[]> {
  const contract = { address: court, abi: courtAbi, blockNumber } as const;
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
export async function readAnswers(endpoint: Endpoint, source: DemandSource): Promise<DemandAnswer[]> {
  const { client } = endpoint;
  const standing = await client.readContract({ address: source.job, abi: jobAbi, functionName: "standingProposal" });
  if (BigInt(standing[4]) === 0n) return [];
  const query = { address: source.job, events: [PROPOSED] };
  const proposed = await findLastLog(endpoint, query, Number(await client.getBlockNumber()), source.fromBlock);
  if (proposed === undefined) return [];
  const logs = await readLogs(endpoint, { address: source.court, events: COURT_EVENTS }, Number(proposed.blockNumber));
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
 * What to send with the next demand, in the chain's coin. Worked out here as the court does: what a call of `price` sees as
 * the base fee differs from node to node.
 */
export async function readBond(endpoint: Endpoint, source: Pick<DemandSource, "job" | "court">): Promise<bigint> {
  const { baseFeePerGas, number } = await endpoint.client.getBlock();
  const open = await readOpenDemands(endpoint, source, number);
  return ((BOND_GAS * (baseFeePerGas ?? 0n) * BOND_PERCENT) / 100n) << BigInt(open.length);
}

function isAfter(log: Log, earlier: Log): boolean {
  const blocks = Number(log.blockNumber) - Number(earlier.blockNumber);
  return blocks > 0 || (blocks === 0 && Number(log.logIndex) > Number(earlier.logIndex));
}
