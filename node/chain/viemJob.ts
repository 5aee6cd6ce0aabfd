import { getAbiItem, parseEventLogs } from "viem";
import type { Address } from "../core/bytes.ts";
import { roundRecordHash, type RoundRecord } from "../core/encoding.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { jobAbi, registryAbi } from "./abi.ts";
import { readConfirmed } from "./blocks.ts";
import type { JobChain } from "./chain.ts";
import { readAnswers } from "./demands.ts";
import { requireContract, type Endpoint } from "./endpoint.ts";
import { createHistoryReader } from "./history.ts";
import { jobWrites } from "./jobWrites.ts";
import { findLastLog } from "./logs.ts";
import { explain } from "./explain.ts";
import type { Sender } from "./sender.ts";
import type { SnapshotSource } from "./snapshots.ts";
import type { JobWatcher } from "./jobWatcher.ts";

/** The contracts that a job lives among, and the block before which none of its events can be. */
export interface JobAddresses extends SnapshotSource {
  readonly registry: Address;
}

const SETTLED = getAbiItem({ abi: jobAbi, name: "RoundSettled" });

const lower = (address: string): Address => address.toLowerCase() as Address;

/** Reads a job's terms, and checks that there is a job. */
export async function readTerms(endpoint: Endpoint, job: Address): Promise<JobTerms> {
  await requireContract(endpoint, job, "job");
  try {
    const raw = await endpoint.client.readContract({ address: job, abi: jobAbi, functionName: "terms" });
    return { ...raw, token: lower(raw.token), stakeToken: lower(raw.stakeToken) };
  } catch (error) {
    throw explain(error, { functionName: "terms" });
  }
}

/** A job on a real chain, seen by one operator. */
export function createJobChain(
  endpoint: Endpoint,
  addresses: JobAddresses,
  terms: JobTerms,
  sender: Sender,
  watcher: JobWatcher,
): JobChain {
  const { job, registry } = addresses;
  const history = createHistoryReader(endpoint, addresses);
  return {
    chainId: endpoint.chainId,
    job,
    operator: sender.address,
    terms,
    snapshot: () => watcher.snapshot(),
    watch: (onSnapshot, onError) => watcher.watch(onSnapshot, onError),
    history: (fromRound) => history.read(fromRound),
    forgetHistory: () => history.forget(),
    isOperator: (account) => readIsOperator(endpoint, addresses, account),
    async contacts(operators) {
      const contract = { address: registry, abi: registryAbi, functionName: "contactOf" } as const;
      const contacts = await Promise.all(
        operators.map((operator) => endpoint.client.readContract({ ...contract, args: [operator] })),
      );
      const known = operators.map((operator, index): [Address, string] => [operator, contacts[index] ?? ""]);
      return new Map(known.filter(([, contact]) => contact !== ""));
    },
    answers: () => readAnswers(endpoint, addresses),
    roundRecord: (round) => readRoundRecord(endpoint, addresses, round),
    ...jobWrites(endpoint, addresses, sender),
  };
}

/** Whoever serves a wallet, and who still signs in the running round although its wallet has replaced it. */
async function readIsOperator(
  { client }: Endpoint,
  { job, registry }: Pick<JobAddresses, "job" | "registry">,
  account: Address,
): Promise<boolean> {
  const records = { address: registry, abi: registryAbi } as const;
  if (await client.readContract({ ...records, functionName: "isServing", args: [account] })) return true;
  const wallet = await client.readContract({ ...records, functionName: "walletOf", args: [account] });
  if (BigInt(wallet) === 0n) return false;
  const contract = { address: job, abi: jobAbi } as const;
  const next = await client.readContract({ ...contract, functionName: "memberIdPlusOne", args: [wallet] });
  if (next === 0n) return false;
  const [member] = await client.readContract({ ...contract, functionName: "members", args: [next - 1n, next] });
  return member !== undefined && lower(member.operator) === account;
}

async function readRoundRecord(
  endpoint: Endpoint,
  { job, fromBlock }: SnapshotSource,
  round: number,
): Promise<RoundRecord | undefined> {
  const { client } = endpoint;
  const tip = await readConfirmed(endpoint);
  const contract = { address: job, abi: jobAbi, functionName: "roundRecord", blockHash: tip.hash } as const;
  const kept = await client.readContract({ ...contract, args: [round] });
  if (BigInt(kept) === 0n) return undefined;
  const query = { address: job, events: [SETTLED], args: { round } };
  const log = await findLastLog(endpoint, query, tip.number, fromBlock);
  const logs = log === undefined ? [] : [log];
  const record = parseEventLogs({ abi: jobAbi, logs, eventName: "RoundSettled" })[0]?.args.record;
  return record !== undefined && roundRecordHash(record) === kept ? record : undefined;
}
