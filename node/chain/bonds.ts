import { getAbiItem, parseEventLogs, type Abi } from "viem";
import type { Address } from "../core/bytes.ts";
import { courtAbi } from "./abi.ts";
import type { Receipt } from "./chain.ts";
import { readOpenDemands } from "./demands.ts";
import type { Endpoint } from "./endpoint.ts";
import { readLogs } from "./logs.ts";
import type { Sender } from "./sender.ts";

/** Bonds of demands, in the chain's coin: what the court holds for whoever asked and whoever answered. */

const EVENTS = (["Demanded", "Answered", "BondReturned"] as const).map((name) => getAbiItem({ abi: courtAbi, name }));

/** What `account` can withdraw, in the chain's coin. */
export function readBonds({ client }: Endpoint, court: Address, account: Address): Promise<bigint> {
  return client.readContract({ address: court, abi: courtAbi, functionName: "bondsOf", args: [account] });
}

/** Demands of `account` that fell with their proposal, and whose bonds nobody has set free yet, by id. */
export async function readFallenDemands(
  endpoint: Endpoint,
  source: { readonly job: Address; readonly court: Address; readonly fromBlock: number },
  account: Address,
): Promise<number[]> {
  const { job, court, fromBlock } = source;
  const logs = await readLogs(endpoint, { address: court, events: EVENTS }, fromBlock);
  const held = new Set<number>();
  for (const { eventName, args } of parseEventLogs({ abi: courtAbi, logs })) {
    if (!("id" in args) || args.job.toLowerCase() !== job) continue;
    if (eventName === "Demanded" && args.demander.toLowerCase() === account) held.add(Number(args.id));
    if (eventName === "Answered" || eventName === "BondReturned") held.delete(Number(args.id));
  }
  const open = await readOpenDemands(endpoint, source, await endpoint.head());
  for (const { id } of open) held.delete(id);
  return [...held];
}

export function releaseBond(sender: Sender, court: Address, job: Address, id: number): Promise<Receipt> {
  const abi = courtAbi as Abi;
  return sender.send({ address: court, abi, functionName: "releaseBond", args: [job, BigInt(id)] });
}

/** Sends the sender what the court holds for it. */
export function withdrawBonds(sender: Sender, court: Address): Promise<Receipt> {
  return sender.send({ address: court, abi: courtAbi as Abi, functionName: "withdrawBonds", args: [] });
}
