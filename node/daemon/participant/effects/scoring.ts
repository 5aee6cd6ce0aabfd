import { toHex, type Hex } from "../../../core/bytes.ts";
import { scoreCommitmentHash } from "../../../core/encoding.ts";
import { encodeVector, scoreVector } from "../../../core/scores.ts";
import type { PeerEffect } from "../../../protocol/events.ts";
import type { OwnScores } from "../../../protocol/state.ts";
import { promisedScores, promiseScores } from "../../home/roundRecords.ts";
import type { ParticipantContext } from "../context.ts";
import { exactAggregate, requireIncludeHash, weightedUpdates } from "./aggregation.ts";

type ScoreEffect = Extract<PeerEffect, { type: "score" }>;

/** Scores the include set on this participant's own validation examples. Salt and vector are on the disk before the commit. */
export async function score(
  context: ParticipantContext,
  { round, seed, scorer, includeHash, updates, own }: ScoreEffect,
): Promise<void> {
  const { learner, model, stopwatch, storage } = context;
  // An update that nobody shows leaves the include set, and what was promised over the old one is void; so it is after another draw.
  const promised = promisedScores(storage, round, seed).find((scores) => scores.includeHash === includeHash);
  if (promised !== undefined) return context.dispatch({ type: "scored", round, scores: promised });
  requireIncludeHash(includeHash, updates);
  const contributions = await stopwatch.measure("verification", async () => {
    if (learner === undefined) return updates.map(() => 0); // nothing to measure with: it abstains
    const weighted = await weightedUpdates(context, updates);
    const quantised = weighted.map((update) => ({ ...update, exponent: model.exponent }));
    const aggregate = await exactAggregate(context, updates);
    return learner.contributions(model.params, quantised, aggregate);
  });
  const vector = encodeVector(scoreVector(Array.from(contributions), own));
  const salt: Hex = context.randomWord();
  const commitment = scoreCommitmentHash(context.domain, {
    round,
    seed,
    scorer,
    includeHash,
    vector,
    salt,
  });
  const scores: OwnScores = { includeHash, vector: toHex(vector), salt, commitment };
  promiseScores(storage, round, { seed, scores });
  context.dispatch({ type: "scored", round, scores });
}
