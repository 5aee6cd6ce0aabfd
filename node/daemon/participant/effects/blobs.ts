import type { Address, Hex } from "../../../core/bytes.ts";
import { PacelineError } from "../../../core/errors.ts";
import { decodeUpdate, squaredNorm, squaredNormBound } from "../../../core/fixedPoint.ts";
import type { BlobShape } from "../../../network/network.ts";
import { blobShape, type ParticipantContext } from "../context.ts";
import { keepsToFit } from "../../learning/federatedFit.ts";

/** Fetches an update, checks every rule that a seat vouches for, and keeps it to serve it to others. */
export async function fetchUpdate(
  context: ParticipantContext,
  round: number,
  updateRoot: Hex,
  holders: readonly Address[],
): Promise<void> {
  const { chain, stopwatch, updates } = context;
  const held = await updates.readBlob(updateRoot);
  const shape = blobShape(updateRoot, chain.terms.vectorLength, 2);
  const bytes = held ?? (await fetchBlob(context, shape, holders));
  const values = await stopwatch.measure("verification", () => Promise.resolve(checkUpdate(context, bytes)));
  if (values !== undefined && round === context.state().memory.round) await updates.keep(updateRoot, values, round);
  context.dispatch({ type: "checked", round, updateRoot, ok: values !== undefined });
}

/**
 * Length, padding, every value's range, the norm, and what a federated fit leaves open; the root was checked on arrival.
 * @returns the values, undefined where a rule is broken
 */
function checkUpdate({ chain, spec, model }: ParticipantContext, bytes: Uint8Array): Int16Array | undefined {
  try {
    const values = decodeUpdate(bytes, chain.terms.vectorLength);
    if (squaredNorm(values) > squaredNormBound(spec.encoding.clipNorm, model.exponent)) return undefined;
    return keepsToFit(spec, model.params, values, model.exponent) ? values : undefined;
  } catch (error) {
    if (error instanceof PacelineError && error.code === "bad-blob") return undefined;
    throw error;
  }
}

/** The values of an update that this peer has checked before. */
export async function readUpdate(context: ParticipantContext, updateRoot: Hex): Promise<Int16Array> {
  const values = await context.updates.read(updateRoot);
  if (values === undefined)
    throw new PacelineError("not-found", `the update ${updateRoot} is not held`, { updateRoot });
  return values;
}

/** The bytes of an aggregate, from the disk or from whoever has it. */
export async function fetchAggregate(
  context: ParticipantContext,
  aggregateRoot: Hex,
  holders: readonly Address[],
): Promise<Uint8Array> {
  const held = await context.updates.readBlob(aggregateRoot);
  if (held !== undefined) return held;
  const shape = blobShape(aggregateRoot, context.chain.terms.vectorLength, 4);
  const bytes = await fetchBlob(context, shape, holders);
  context.updates.keepAggregate(aggregateRoot, bytes);
  await context.storage.putBlob(aggregateRoot, bytes, { kind: "aggregate", round: context.state().memory.round });
  return bytes;
}

/** Where nobody gives a blob, the round is told: what is certified or proposed, and hidden, is demanded on the chain. */
async function fetchBlob(
  { dispatch, network, signal, state, stopwatch }: ParticipantContext,
  shape: BlobShape,
  holders: readonly Address[],
): Promise<Uint8Array> {
  const { round } = state().memory;
  try {
    return await stopwatch.measure("network", () => network.fetchBlob(shape, holders, signal));
  } catch (error) {
    const connected = new Set(network.peers());
    const reached = holders.some((holder) => connected.has(holder));
    dispatch({ type: "unavailable", round, root: shape.root, ...(reached ? {} : { reached }) });
    throw error;
  }
}
