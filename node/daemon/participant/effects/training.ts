import { quantiseWithinNorm } from "../../../core/clipping.ts";
import { commitmentHash } from "../../../core/encoding.ts";
import { PacelineError, type ErrorCode } from "../../../core/errors.ts";
import { encodeUpdate, UPDATE_LEAF_BYTES } from "../../../core/fixedPoint.ts";
import { buildTree } from "../../../core/merkle.ts";
import type { PeerEffect } from "../../../protocol/events.ts";
import type { OwnUpdate } from "../../../protocol/state.ts";
import { promisedUpdate, promiseUpdate } from "../../home/roundRecords.ts";
import type { ParticipantContext } from "../context.ts";

type TrainEffect = Extract<PeerEffect, { type: "train" }>;

/**
 * Trains on the global model and prepares the commit. The blob and the salt are on the disk before anything is sent: a commit
 * whose opening was lost in a crash would cost the bond. What a run before a restart has promised stands.
 */
export async function train(context: ParticipantContext, { round, memberId }: TrainEffect): Promise<void> {
  const { chain, learner, spec, stopwatch, storage, updates, model } = context;
  const promised = promisedUpdate(storage, round);
  if (promised !== undefined) return context.dispatch({ type: "trained", round, update: promised });
  if (learner === undefined) return context.dispatch({ type: "passed", round });
  await orPass(context, round, () => storage.requireSpace(chain.terms.vectorLength * 2));
  const delta = await stopwatch.measure("training", () =>
    orPass(context, round, () => learner.localUpdate(model.params, round)),
  );
  if (norm(delta) < (spec.localTraining.passBelowNorm ?? 0)) return context.dispatch({ type: "passed", round });
  const values = await orPass(context, round, () => quantiseWithinNorm(delta, model.exponent, spec.encoding.clipNorm));
  const bytes = encodeUpdate(values);
  const { root: updateRoot } = buildTree(bytes, UPDATE_LEAF_BYTES);
  const exampleCount = Math.min(learner.exampleCount, chain.terms.weightCap);
  const salt = context.randomWord();
  const parts = { round, memberId, updateRoot, exampleCount, salt };
  const update: OwnUpdate = { updateRoot, exampleCount, salt, commitment: commitmentHash(context.domain, parts) };
  await orPass(context, round, async () => {
    await storage.putBlob(updateRoot, bytes, { kind: "update", round });
    promiseUpdate(storage, round, update);
  });
  await updates.keep(updateRoot, values, round);
  context.dispatch({ type: "trained", round, update });
}

/** What makes an owner pass: an update that is no number any more, and a disk that could not keep what it promises. */
const PASSES = new Set<ErrorCode>(["diverged", "bad-argument", "disk-full"]);

/** Where there is no update to commit to, its owner passes, and the error is told. */
async function orPass<T>({ dispatch }: ParticipantContext, round: number, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PacelineError && PASSES.has(error.code)) dispatch({ type: "passed", round });
    throw error;
  }
}

function norm(values: Float32Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}
