import { getAbiItem, type Abi, type ContractFunctionReturnType } from "viem";
import { toHex, type Address, type Hex } from "../core/bytes.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { PHASES, type Member, type RoundView } from "../core/roundView.ts";
import { courtAbi, jobAbi, registryAbi } from "./abi.ts";
import type { ChainSnapshot, JobChain, Receipt } from "./chain.ts";
import { requireContract, type Endpoint } from "./endpoint.ts";
import { readHistory } from "./history.ts";
import { explain, type Sender } from "./sender.ts";

/** The contracts that a job lives among, and the block before which none of its events can be. */
export interface JobAddresses {
  readonly job: Address;
  readonly registry: Address;
  readonly court: Address;
  readonly fromBlock: number;
}

/** Between attempts to read a round, in milliseconds. */
const RETRY_MS = 1_000;

type RawView = ContractFunctionReturnType<typeof jobAbi, "view", "roundView">;
type RawMembers = ContractFunctionReturnType<typeof jobAbi, "view", "members">;
type RawTerms = ContractFunctionReturnType<typeof jobAbi, "view", "terms">;

const lower = (address: string): Address => address.toLowerCase() as Address;

export function toRoundView(raw: RawView): RoundView {
  return {
    ...raw,
    phase: PHASES[raw.phase] as RoundView["phase"],
    phaseStart: Number(raw.phaseStart),
    phaseStartBlock: Number(raw.phaseStartBlock),
    blockTime: Number(raw.blockTime),
    blockNumber: Number(raw.blockNumber),
  };
}

function toMembers(raw: RawMembers): Member[] {
  return raw.map((member) => ({ ...member, operator: lower(member.operator), wallet: lower(member.wallet) }));
}

export function toTerms(raw: RawTerms): JobTerms {
  return { ...raw, token: lower(raw.token), stakeToken: lower(raw.stakeToken) };
}

/** Reads a job's terms, and checks that there is a job. */
export async function readTerms(endpoint: Endpoint, job: Address): Promise<JobTerms> {
  await requireContract(endpoint, job, "job");
  try {
    return toTerms(await endpoint.client.readContract({ address: job, abi: jobAbi, functionName: "terms" }));
  } catch (error) {
    throw explain(error, { functionName: "terms" });
  }
}

/** Reads the round and its members; the members only when they can have changed since `last`. */
export async function readSnapshot(endpoint: Endpoint, job: Address, last?: ChainSnapshot): Promise<ChainSnapshot> {
  const { client } = endpoint;
  const contract = { address: job, abi: jobAbi } as const;
  const view = toRoundView(await client.readContract({ ...contract, functionName: "roundView" }));
  if (last !== undefined && last.view.round === view.round && view.round > 0) return { view, members: last.members };
  const count = await client.readContract({ ...contract, functionName: "memberCount" });
  const members = toMembers(await client.readContract({ ...contract, functionName: "members", args: [0n, count] }));
  return { view, members };
}

/** One watcher serves all operators of a process that follow the same job: it reads the chain once a block for all. */
export interface JobWatcher {
  watch(onSnapshot: (snapshot: ChainSnapshot) => void, onError: (error: Error) => void): () => void;
}

export function createJobWatcher(endpoint: Endpoint, job: Address): JobWatcher {
  const listeners = new Set<{ onSnapshot: (snapshot: ChainSnapshot) => void; onError: (error: Error) => void }>();
  let last: ChainSnapshot | undefined;
  let reading = false;
  let stale = false;
  let stop: (() => void) | undefined;

  /** At most one read at a time; blocks that come meanwhile are answered by one more. */
  const refresh = async (): Promise<void> => {
    stale = true;
    if (reading) return;
    reading = true;
    while (stale && listeners.size > 0) {
      stale = false;
      try {
        last = await readSnapshot(endpoint, job, last);
        for (const listener of [...listeners]) listener.onSnapshot(last);
      } catch (error) {
        for (const listener of [...listeners]) listener.onError(explain(error, { functionName: "roundView" }));
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        stale = true; // a chain that waits for a transaction brings no block to try again at
      }
    }
    reading = false;
  };

  return {
    watch(onSnapshot, onError) {
      const listener = { onSnapshot, onError };
      listeners.add(listener);
      stop ??= endpoint.onBlock(
        () => void refresh(),
        (error) => {
          for (const one of [...listeners]) one.onError(error);
        },
      );
      void refresh();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
  };
}

/** A job on a real chain, seen by one operator. */
export function createJobChain(
  endpoint: Endpoint,
  addresses: JobAddresses,
  terms: JobTerms,
  sender: Sender,
  watcher: JobWatcher,
): JobChain {
  const { job, registry, court } = addresses;
  const { client } = endpoint;
  const call = (functionName: string, ...args: readonly unknown[]): Promise<Receipt> =>
    sender.send({ address: job, abi: jobAbi as Abi, functionName, args });

  return {
    chainId: endpoint.chainId,
    job,
    operator: sender.address,
    terms,
    snapshot: () => readSnapshot(endpoint, job),
    watch: (onSnapshot, onError) => watcher.watch(onSnapshot, onError),
    history: (fromRound) => readHistory(endpoint, addresses, fromRound),
    async isOperator(account) {
      const wallet = await client.readContract({
        address: registry,
        abi: registryAbi,
        functionName: "walletOf",
        args: [account],
      });
      return BigInt(wallet) !== 0n;
    },
    async contacts(operators) {
      const read = async (operator: Address): Promise<[Address, string]> => [
        operator,
        await client.readContract({ address: registry, abi: registryAbi, functionName: "contactOf", args: [operator] }),
      ];
      return new Map((await Promise.all(operators.map(read))).filter(([, contact]) => contact !== ""));
    },
    setContact: (contact) =>
      sender.send({ address: registry, abi: registryAbi as Abi, functionName: "setContact", args: [contact] }),
    commit: (position, commitment) => call("commit", position, commitment),
    share: (openings, bitmaps) => call("share", openings, bitmaps),
    propose: (aggregateRoot) => call("propose", aggregateRoot),
    attest: (attestations, scoreCommits) => call("attest", attestations, scoreCommits),
    openScores: (openings) => call("openScores", openings),
    advance: () => call("advance"),
    proveWrongLeaf({ coordinate, updates, updateLeaves, aggregateLeaf }) {
      const toProof = ({
        leaf,
        siblings,
      }: {
        leaf: Uint8Array;
        siblings: readonly Uint8Array[];
      }): { leaf: Hex; siblings: Hex[] } => ({
        leaf: toHex(leaf),
        siblings: siblings.map(toHex),
      });
      const args = [job, BigInt(coordinate), updates, updateLeaves.map(toProof), toProof(aggregateLeaf)];
      return sender.send({
        address: court,
        abi: [...courtAbi, ...jobErrors] as Abi,
        functionName: "proveWrongLeaf",
        args,
      });
    },
  };
}

/** Errors that the job raises through the court, so that their names are known there too. */
const jobErrors = jobAbi.filter(
  (item) => item.type === "error" && getAbiItem({ abi: courtAbi as Abi, name: item.name }) === undefined,
);
