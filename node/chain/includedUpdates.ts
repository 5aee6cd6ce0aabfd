import { getAbiItem, parseEventLogs } from "viem";
import { ZERO_WORD, type Address } from "../core/bytes.ts";
import { includeHash, type IncludedUpdate } from "../core/encoding.ts";
import { PacelineError } from "../core/errors.ts";
import { includedUpdates, type RoundView } from "../core/roundView.ts";
import { jobAbi } from "./abi.ts";
import type { Endpoint } from "./endpoint.ts";
import { findLastLog } from "./logs.ts";

/** The updates that count: from Share's end on they are in the log only, as one event a round. */

const FIXED = getAbiItem({ abi: jobAbi, name: "IncludeSetFixed" });

/** @returns fills `updateRoots` and `exampleCounts` of views in which the include set is fixed */
export function createIncludedUpdates(
  endpoint: Endpoint,
  source: { readonly job: Address; readonly fromBlock: number },
): (view: RoundView) => Promise<RoundView> {
  let last: { readonly round: number; readonly updates: readonly IncludedUpdate[] } | undefined;
  return async (view) => {
    if (view.includedMask === 0n) return view;
    const known = last?.round === view.round ? withUpdates(view, last.updates) : undefined;
    if (known !== undefined && isWhole(known)) return known;
    const updates = await readFixed(endpoint, source, view);
    const filled = withUpdates(view, updates);
    if (!isWhole(filled)) {
      throw new PacelineError("chain-unreachable", `the log's updates of round ${view.round} are not those that count`);
    }
    last = { round: view.round, updates };
    return filled;
  };
}

async function readFixed(
  endpoint: Endpoint,
  { job, fromBlock }: { readonly job: Address; readonly fromBlock: number },
  { round, phaseStartBlock }: RoundView,
): Promise<readonly IncludedUpdate[]> {
  const query = { address: job, events: [FIXED], args: { round } };
  // The event came with the start of the first Propose of the round: of this phase, or of one before.
  const log = await findLastLog(endpoint, query, phaseStartBlock, fromBlock);
  const logs = log === undefined ? [] : [log];
  return parseEventLogs({ abi: jobAbi, logs, eventName: "IncludeSetFixed" })[0]?.args.updates ?? [];
}

/** A withheld update has left the mask since. */
function withUpdates(view: RoundView, updates: readonly IncludedUpdate[]): RoundView {
  const byPosition = view.cohort.map((memberId, position) =>
    (view.includedMask >> BigInt(position)) % 2n === 0n ? undefined : updates.find((one) => one.memberId === memberId),
  );
  return {
    ...view,
    updateRoots: byPosition.map((update) => update?.updateRoot ?? ZERO_WORD),
    exampleCounts: byPosition.map((update) => update?.exampleCount ?? 0),
  };
}

/** An old block's log, or one of a branch that was given up, has other updates. */
function isWhole(view: RoundView): boolean {
  return includeHash(includedUpdates(view)) === view.includeHash;
}
