import { toHex, type Hex } from "../../core/bytes.ts";
import { scoreCommitmentHash } from "../../core/encoding.ts";
import { encodeVector, scoreVector } from "../../core/scores.ts";
import { weightsOf } from "../../core/weightedMean.ts";
import type { PeerEffect } from "../../protocol/events.ts";
import type { OwnScores } from "../../protocol/state.ts";
import type { ParticipantContext } from "../context.ts";
import { exactAggregate, requireIncludeHash } from "./aggregation.ts";
import { readUpdate } from "./blobs.ts";

type ScoreEffect = Extract<PeerEffect, { type: "score" }>;

/** Scores the include set on this participant's own validation examples. Salt and vector are on the disk before the commit. */
export async function score(
  context: ParticipantContext,
  { round, seed, includeHash, updates, own }: ScoreEffect,
): Promise<void> {
  const { chain, learner, model, stopwatch, storage } = context;
  const promised = storage.get("scores", String(round)) as OwnScores | undefined;
  if (promised !== undefined) return context.dispatch({ type: "scored", round, scores: promised });
  requireIncludeHash(includeHash, updates);
  const contributions = await stopwatch.measure("verification", async () => {
    const weights = weightsOf(
      updates.map(({ exampleCount }) => exampleCount),
      chain.terms.weightCap,
    );
    const quantised = await Promise.all(
      updates.map(async ({ updateRoot }, index) => ({
        values: await readUpdate(context, updateRoot),
        exponent: model.exponent,
        weight: weights[index] as number,
      })),
    );
    const aggregate = await exactAggregate(context, updates);
    return learner.contributions(model.params, quantised, aggregate);
  });
  const vector = encodeVector(scoreVector(Array.from(contributions), own));
  const salt: Hex = context.randomWord();
  const commitment = scoreCommitmentHash(context.domain, {
    round,
    seed,
    scorer: chain.operator,
    includeHash,
    vector,
    salt,
  });
  const scores: OwnScores = { includeHash, vector: toHex(vector), salt, commitment };
  storage.put("scores", String(round), scores);
  context.dispatch({ type: "scored", round, scores });
}
