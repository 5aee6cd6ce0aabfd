import { encodeFunctionData } from "viem";
import { jobAbi } from "./abi.ts";
import { BlockFollower } from "./blockFollower.ts";
import { readBlockAt, readBlockOf, readConfirmed } from "./blocks.ts";
import type { ChainSnapshot } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Head } from "./endpoints/head.ts";
import { explain } from "./explain.ts";
import { createSnapshotReader, type SnapshotSource } from "./snapshots.ts";

/** One watcher serves all operators of a process that follow the same job: it reads the chain once a block for all. */
export interface JobWatcher {
  /** The newest one now. Throws PacelineError `chain-unreachable`, or viem's errors. */
  snapshot(): Promise<ChainSnapshot>;
  /** As `JobChain.watch`. */
  watch(onSnapshot: (snapshot: ChainSnapshot) => void, onError: (error: Error) => void): () => void;
}

interface Listener {
  readonly onSnapshot: (snapshot: ChainSnapshot) => void;
  readonly onError: (error: Error) => void;
}

/** Between attempts to read a round, in milliseconds. */
const RETRY_MS = 1_000;

export function createJobWatcher(endpoint: Endpoint, source: SnapshotSource): JobWatcher {
  const take = createTaker(endpoint, source);
  const listeners = new Set<Listener>();
  let newest: Head | undefined;
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
      const head = newest;
      newest = undefined;
      try {
        const snapshot = await take({ head });
        for (const listener of [...listeners]) listener.onSnapshot(snapshot);
      } catch (error) {
        for (const listener of [...listeners]) listener.onError(explain(error, { functionName: "roundView" }));
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        stale = true; // a chain that waits for a transaction brings no block to try again at
      }
    }
    reading = false;
  };
  const onBlock = (head: Head): void => {
    newest = head;
    void refresh();
  };

  return {
    snapshot: () => take({ isWhole: true }),
    watch(onSnapshot, onError) {
      const listener = { onSnapshot, onError };
      listeners.add(listener);
      stop ??= endpoint.onBlock(onBlock, (error) => {
        for (const one of [...listeners]) one.onError(error);
      });
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

interface Taking {
  /** The newest block, if it is known. */
  readonly head?: Head | undefined;
  /** Reads all members anew, also those of whom only what counts later can have changed. */
  readonly isWhole?: boolean;
}

type Take = (taking: Taking) => Promise<ChainSnapshot>;

/** @returns takes the snapshot of the newest confirmed block; where that is lower than one before, that one's again */
function createTaker(endpoint: Endpoint, source: SnapshotSource): Take {
  const read = createSnapshotReader(endpoint, source);
  const follower = new BlockFollower({
    at: (number) => readBlockAt(endpoint, number),
    of: (hash) => readBlockOf(endpoint, hash),
  });
  let last: ChainSnapshot | undefined;
  let lane: Promise<unknown> = Promise.resolve();

  const takeNow: Take = async ({ isWhole = false, ...known }) => {
    const head = known.head ?? (await endpoint.head());
    const block = await readConfirmed(endpoint, head);
    const placement = await follower.place(block);
    if (last !== undefined && (placement.type === "behind" || (placement.type === "same" && !isWhole))) return last;
    const isBranch = placement.type === "branch";
    const generation = (last?.generation ?? 0) + (isBranch ? 1 : 0);
    const snapshot = await read(block, isBranch || isWhole ? undefined : last);
    if (placement.type !== "same") follower.show(block, isBranch ? placement.ancestor : undefined);
    if (isNewPhase(last, snapshot)) endpoint.compareLater(questionOf(source, block));
    last = { ...snapshot, generation, headTime: Math.max(head.time, block.time) };
    return last;
  };
  return (taking) => {
    const turn = lane.then(() => takeNow(taking));
    lane = turn.catch(() => undefined);
    return turn;
  };
}

function isNewPhase(last: ChainSnapshot | undefined, { view }: Pick<ChainSnapshot, "view">): boolean {
  return last?.view.phase !== view.phase || last.view.round !== view.round;
}

/** What every endpoint should say of the job at that block. */
function questionOf({ job }: SnapshotSource, { hash }: Head): Parameters<Endpoint["compareLater"]>[0] {
  const data = encodeFunctionData({ abi: jobAbi, functionName: "roundView" });
  return { method: "eth_call", params: [{ to: job, data }, { blockHash: hash }] };
}
