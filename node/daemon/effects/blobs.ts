import type { Address, Hex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { decodeUpdate, squaredNorm, squaredNormBound } from "../../core/fixedPoint.ts";
import { blobShape, type ParticipantContext } from "../context.ts";

/** Fetches an update, checks every rule that a seat vouches for, and keeps it to serve it to others. */
export async function fetchUpdate(context: ParticipantContext, round: number, updateRoot: Hex, holders: readonly Address[]): Promise<void> {
  const { chain, storage, stopwatch, updates } = context;
  const held = await storage.readBlob(updateRoot);
  const shape = blobShape(updateRoot, chain.terms.vectorLength, 2);
  const bytes = held ?? (await stopwatch.measure("network", () => context.network.fetchBlob(shape, holders, context.signal)));
  const ok = await stopwatch.measure("verification", () => Promise.resolve(checkUpdate(context, updateRoot, bytes)));
  if (ok && held === undefined) await storage.putBlob(updateRoot, bytes);
  if (ok && round === context.state().memory.round) storage.put("held", updateRoot, round);
  if (!ok) updates.delete(updateRoot);
  context.dispatch({ type: "checked", round, updateRoot, ok });
}

/** Length, padding, every value's range, and the norm; the root was checked on arrival. */
function checkUpdate(context: ParticipantContext, updateRoot: Hex, bytes: Uint8Array): boolean {
  const { chain, spec, model, updates } = context;
  try {
    const values = decodeUpdate(bytes, chain.terms.vectorLength);
    if (squaredNorm(values) > squaredNormBound(spec.encoding.clipNorm, model.exponent)) return false;
    updates.set(updateRoot, values);
    return true;
  } catch (error) {
    if (error instanceof PacelineError && error.code === "bad-blob") return false;
    throw error;
  }
}

/** The values of an update that this peer has checked before, from memory or from its disk. */
export async function readUpdate(context: ParticipantContext, updateRoot: Hex): Promise<Int16Array> {
  const known = context.updates.get(updateRoot);
  if (known !== undefined) return known;
  const bytes = await context.storage.readBlob(updateRoot);
  if (bytes === undefined) throw new PacelineError("not-found", `the update ${updateRoot} is not held`, { updateRoot });
  const values = decodeUpdate(bytes, context.chain.terms.vectorLength);
  context.updates.set(updateRoot, values);
  return values;
}

/** The bytes of an aggregate, from the disk or from whoever has it. */
export async function fetchAggregate(context: ParticipantContext, aggregateRoot: Hex, holders: readonly Address[]): Promise<Uint8Array> {
  const held = await context.storage.readBlob(aggregateRoot);
  if (held !== undefined) return held;
  const shape = blobShape(aggregateRoot, context.chain.terms.vectorLength, 4);
  const bytes = await context.stopwatch.measure("network", () => context.network.fetchBlob(shape, holders, context.signal));
  await context.storage.putBlob(aggregateRoot, bytes);
  return bytes;
}

/** Forgets the updates of rounds before `round`; aggregates stay, for those who come late. */
export async function forgetUpdates(context: ParticipantContext, round: number): Promise<void> {
  const { storage } = context;
  for (const [root, heldIn] of storage.entries("held")) {
    if (typeof heldIn !== "number" || heldIn >= round) continue;
    await storage.deleteBlob(root as Hex);
    storage.delete("held", root);
  }
}
