import { getAbiItem, numberToHex, parseEventLogs, type RpcLog } from "viem";
import { jobAbi, registryAbi, treasuryAbi } from "../chain/abi.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import { readInParts, readLogs } from "../chain/logs.ts";
import type { JobEvent } from "../chain/memory/eventLog.ts";
import { abiWord, toHex, type Address, type Hex } from "../core/bytes.ts";
import type { RegistryChange } from "./record.ts";
import type { AuditedJob } from "./source.ts";

/** What an audit reads of logs: of the job, of the treasury and the court as far as they name the job, and of the registry. */

/** What one transaction said. */
export interface SaidByTransaction {
  readonly block: number;
  readonly index: number;
  readonly hash: Hex;
  readonly events: JobEvent[];
}

export interface PlacedChange extends RegistryChange {
  readonly block: number;
  readonly index: number;
}

const lower = (address: string): Address => address.toLowerCase() as Address;

/** By transaction, in the chain's order, those whose only word is the court's included. */
export async function readSaid(
  endpoint: Endpoint,
  source: AuditedJob,
  fromBlock: number,
  toBlock: number,
): Promise<SaidByTransaction[]> {
  const named = [null, toHex(abiWord(source.job))];
  const [own, others] = await Promise.all([
    readRaw(endpoint, { address: source.job }, fromBlock, toBlock),
    readRaw(endpoint, { address: [source.treasury, source.court], topics: named }, fromBlock, toBlock),
  ]);
  const events = new Map([...eventsIn(own, jobAbi), ...eventsIn(others.filter(isOf(source.treasury)), treasuryAbi)]);
  const said = new Map<string, SaidByTransaction>();
  for (const log of [...own, ...others].sort(byPlace)) {
    const hash = log.transactionHash!;
    const known = said.get(hash) ?? {
      block: Number(log.blockNumber),
      index: Number(log.transactionIndex),
      hash,
      events: [],
    };
    said.set(hash, known);
    const event = events.get(placeOf(log));
    if (event !== undefined) known.events.push(event);
  }
  return [...said.values()];
}

/** Events by place. All at once: the parser hashes the names of the whole ABI at each call. */
function eventsIn(logs: readonly RpcLog[], abi: typeof jobAbi | typeof treasuryAbi): [string, JobEvent][] {
  const parsed = parseEventLogs({ abi: abi as typeof jobAbi, logs: [...logs] });
  return parsed.map(({ eventName, args, ...log }) => [placeOf(log), { name: eventName, args }]);
}

const isOf =
  (address: Address) =>
  (log: RpcLog): boolean =>
    lower(log.address) === address;

function placeOf({ blockNumber, logIndex }: { readonly blockNumber: unknown; readonly logIndex: unknown }): string {
  return `${Number(blockNumber)}:${Number(logIndex)}`;
}

function readRaw(
  endpoint: Endpoint,
  filter: { readonly address: Address | Address[]; readonly topics?: (Hex | null)[] },
  fromBlock: number,
  toBlock: number,
): Promise<RpcLog[]> {
  return readInParts(endpoint, fromBlock, toBlock, (from, to) =>
    endpoint.client.request({
      method: "eth_getLogs",
      params: [{ ...filter, fromBlock: numberToHex(from), toBlock: to === "latest" ? to : numberToHex(to) }],
    }),
  );
}

function byPlace(a: RpcLog, b: RpcLog): number {
  return Number(a.blockNumber) - Number(b.blockNumber) || Number(a.logIndex) - Number(b.logIndex);
}

const CHANGES = ["Registered", "OperatorRotated", "Exited", "PayoutSet"] as const;

/** From the chain's first block on: wallets register once, for all jobs. */
export async function readRegistry(
  endpoint: Endpoint,
  { registry }: AuditedJob,
  toBlock: number,
): Promise<PlacedChange[]> {
  const events = CHANGES.map((name) => getAbiItem({ abi: registryAbi, name }));
  const logs = await readLogs(endpoint, { address: registry, events }, 0, toBlock);
  return parseEventLogs({ abi: registryAbi, logs, eventName: [...CHANGES] }).map(
    ({ args, blockNumber, eventName: name, transactionIndex }) => {
      const account = "operator" in args ? args.operator : "payout" in args ? args.payout : undefined;
      return {
        name,
        wallet: lower(args.wallet),
        account: account === undefined ? undefined : lower(account),
        block: Number(blockNumber),
        index: transactionIndex,
      };
    },
  );
}
