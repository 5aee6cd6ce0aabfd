import { quantiseWithinNorm } from "../../core/clipping.ts";
import { commitmentHash } from "../../core/encoding.ts";
import { encodeUpdate, UPDATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { buildTree } from "../../core/merkle.ts";
import type { OwnUpdate } from "../../protocol/state.ts";
import type { ParticipantContext } from "../context.ts";

/**
 * Trains on the global model and prepares the commit. The blob and the salt are on the disk before anything is sent: a commit
 * whose opening was lost in a crash would cost the bond. What a run before a restart has promised stands.
 */
export async function train(context: ParticipantContext, round: number): Promise<void> {
  const { chain, learner, spec, stopwatch, storage, updates, model } = context;
  const promised = storage.get("update", String(round)) as OwnUpdate | undefined;
  if (promised !== undefined) return context.dispatch({ type: "trained", round, update: promised });
  const delta = await stopwatch.measure("training", () => learner.localUpdate(model.params, round));
  const values = quantiseWithinNorm(delta, model.exponent, spec.encoding.clipNorm);
  const bytes = encodeUpdate(values);
  const { root: updateRoot } = buildTree(bytes, UPDATE_LEAF_BYTES);
  const exampleCount = Math.min(learner.exampleCount, chain.terms.weightCap);
  const salt = context.randomWord();
  const parts = { round, operator: chain.operator, updateRoot, exampleCount, salt };
  const update: OwnUpdate = { updateRoot, exampleCount, salt, commitment: commitmentHash(context.domain, parts) };
  await storage.putBlob(updateRoot, bytes);
  storage.put("update", String(round), update);
  await updates.keep(updateRoot, values, round);
  context.dispatch({ type: "trained", round, update });
}
