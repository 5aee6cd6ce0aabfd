import { decodeFunctionData, type Block, type Transaction } from "viem";
import { jobAbi, jobFactoryAbi } from "../chain/abi.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import type { JobEvent } from "../chain/memory/eventLog.ts";
import { readTerms } from "../chain/viemJob.ts";
import type { Address, Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { PHASES } from "../core/roundView.ts";
import { isAuthentic } from "./authentic.ts";
import { decodeCall } from "./calls.ts";
import { callsInside } from "./indirect.ts";
import { readRegistry, readSaid, type PlacedChange, type SaidByTransaction } from "./readLogs.ts";
import type { OpenedJob, RecordedBlock, RecordedTransaction } from "./record.ts";
import { targetOf, type AuditedJob } from "./source.ts";

/** Blocks whose logs are asked for at once; an endpoint that allows fewer gets halves. */
const WINDOW = 2_000;
/** Requests for blocks at a time. */
const AT_ONCE = 16;
/** Phases in which postings count of which the log says nothing: their blocks are read whole. */
const SILENT_PHASES: readonly number[] = [PHASES.indexOf("commit"), PHASES.indexOf("share")];
/** What these postings are. */
const SILENT_CALLS: readonly string[] = ["commit", "commitBatch", "share"];

const lower = (address: string): Address => address.toLowerCase() as Address;

type WholeBlock = Block<bigint, true, "latest" | "safe" | "finalized" | "earliest">;

/** What the job was opened with. Throws PacelineError `wrong-chain`, `chain-unreachable`. */
export async function readOpenedJob(endpoint: Endpoint, source: AuditedJob): Promise<OpenedJob> {
  const { job, fromBlock } = source;
  const terms = await readTerms(endpoint, job);
  const sponsor = lower(await endpoint.client.readContract({ address: job, abi: jobAbi, functionName: "sponsor" }));
  const opened = (await readSaid(endpoint, source, fromBlock, fromBlock))
    .flatMap(({ events }) => events)
    .find(({ name }) => name === "JobOpened");
  if (opened === undefined)
    throw new PacelineError(
      "wrong-chain",
      `the treasury's log does not say that ${job} was opened in block ${fromBlock}`,
    );
  return { chainId: endpoint.chainId, job, terms, sponsor, pool: opened.args["pool"] as bigint };
}

/**
 * Every block in which something may have happened to the job, oldest first. Silent postings are found by reading whole the
 * blocks of the phases that know them.
 * @param toBlock the last one
 */
export async function* readBlocks(
  endpoint: Endpoint,
  source: AuditedJob,
  toBlock: number,
  signal: AbortSignal,
): AsyncGenerator<RecordedBlock> {
  const changes = await readRegistry(endpoint, source, toBlock);
  let phase = -1;
  for (let from = source.fromBlock; from <= toBlock; from += WINDOW) {
    const to = Math.min(toBlock, from + WINDOW - 1);
    const said = Map.groupBy(await readSaid(endpoint, source, from, to), ({ block }) => block);
    const wanted: number[] = [];
    for (let number = from; number <= to; number++) {
      const phases = phasesEntered(said.get(number) ?? []);
      if (said.has(number) || SILENT_PHASES.includes(phase)) wanted.push(number);
      phase = phases.at(-1) ?? phase;
    }
    for (let next = 0; next < wanted.length; next += AT_ONCE) {
      signal.throwIfAborted();
      const part = wanted.slice(next, next + AT_ONCE);
      const blocks = await Promise.all(
        part.map((number) => recordBlock(endpoint, source, number, said.get(number) ?? [])),
      );
      for (const block of blocks) yield withChanges(block, changes);
    }
  }
}

function phasesEntered(said: readonly SaidByTransaction[]): number[] {
  const events = said.flatMap(({ events: each }) => each);
  return events.flatMap(({ name, args }) => (name === "PhaseEntered" ? [Number(args["phase"])] : []));
}

/** Takes the changes of the registry that came until each transaction; those after the last one stay. */
function withChanges(block: PlacedBlock, changes: PlacedChange[]): RecordedBlock {
  const transactions = block.transactions.map(({ index, ...transaction }) => {
    const end = changes.findIndex(
      (change) => change.block > block.number || (change.block === block.number && change.index > index),
    );
    return { ...transaction, registry: changes.splice(0, end < 0 ? changes.length : end) };
  });
  return { ...block, transactions };
}

type Placed = Omit<RecordedTransaction, "registry"> & { readonly index: number };
type PlacedBlock = Omit<RecordedBlock, "transactions"> & { readonly transactions: readonly Placed[] };

async function recordBlock(
  endpoint: Endpoint,
  source: AuditedJob,
  number: number,
  said: readonly SaidByTransaction[],
): Promise<PlacedBlock> {
  const block: WholeBlock = await endpoint.client.getBlock({ blockNumber: BigInt(number), includeTransactions: true });
  const events = new Map(said.map((each) => [each.hash, each.events]));
  const transactions: Placed[] = [];
  for (const transaction of block.transactions) {
    const spoken = events.get(transaction.hash);
    events.delete(transaction.hash);
    if (spoken === undefined && !(await isSilentPosting(endpoint, source, transaction))) continue;
    transactions.push(await recordTransaction(endpoint, source, transaction, spoken ?? []));
  }
  if (events.size > 0)
    throw new PacelineError(
      "chain-unreachable",
      `the endpoint's log of block ${number} names transactions that the block has not`,
    );
  return { number, time: Number(block.timestamp), hash: block.hash as Hex, transactions };
}

/** A posting that succeeded and of which the log says nothing. */
async function isSilentPosting(
  { client }: Endpoint,
  { job }: AuditedJob,
  { hash, input, to }: Transaction,
): Promise<boolean> {
  if (to === null || lower(to) !== job) return false;
  if (!SILENT_CALLS.includes(decodeCall({ input })?.functionName ?? "")) return false;
  return (await client.getTransactionReceipt({ hash })).status === "success";
}

async function recordTransaction(
  endpoint: Endpoint,
  source: AuditedJob,
  transaction: Transaction,
  events: readonly JobEvent[],
): Promise<Placed> {
  const { hash, transactionIndex, to, from, input } = transaction;
  const authentic = isAuthentic(transaction);
  const placed = { hash, index: transactionIndex ?? 0, events, authentic };
  const target = targetOf(source, to ?? "");
  if (target !== undefined) return { ...placed, calls: [{ target, sender: lower(from), input }], indirect: false };
  if (events.some(({ name }) => name === "JobOpened") && isCreation(input))
    return { ...placed, calls: [], indirect: false };
  return { ...placed, ...(await callsInside(endpoint, source, hash, events)) };
}

function isCreation(input: Hex): boolean {
  try {
    return decodeFunctionData({ abi: jobFactoryAbi, data: input }).functionName === "createJob";
  } catch {
    return false;
  }
}
