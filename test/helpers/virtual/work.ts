import type { Hex } from "../../../node/core/bytes.ts";
import { encodeUpdate, powerOfTwo, UPDATE_LEAF_BYTES } from "../../../node/core/fixedPoint.ts";
import type { JobTerms } from "../../../node/core/jobTerms.ts";
import { buildTree } from "../../../node/core/merkle.ts";
import type { JobSpec } from "../../../node/daemon/job/jobSpec.ts";
import type { Learner } from "../../../node/daemon/learning/learner.ts";
import { randomUpdate } from "../roundPlayer.ts";

/** What virtual peers learn in tests: the same for the same member and round. */

/** Of all rounds, so that an update is known before it is trained. */
const EXPONENT = 14;

/** The parts of a job file that a participant reads. */
export const SPEC = {
  encoding: { minExponent: EXPONENT, maxExponent: EXPONENT, initialExponent: EXPONENT, clipNorm: 100 },
  localTraining: { passBelowNorm: 1e-6 },
  data: { fit: "sample" },
} as unknown as JobSpec;

/** What a member's update of a round is. */
export function updateOf({ terms }: { readonly terms: JobTerms }, round: number, index: number): Int16Array {
  return randomUpdate(terms.vectorLength, 77, round, index);
}

export function rootOfUpdate(values: Int16Array): Hex {
  return buildTree(encodeUpdate(values), UPDATE_LEAF_BYTES).root;
}

/** @param passes rounds in which it has nothing to give */
export function learnerOf(terms: JobTerms, index: number, passes: (round: number) => boolean): Learner {
  const scale = powerOfTwo(-EXPONENT);
  return {
    exampleCount: 50 + 40 * index,
    localUpdate: async (params, round) =>
      passes(round) ? params.map(() => 0) : Float32Array.from(updateOf({ terms }, round, index), (q) => q * scale),
    contributions: async (_, updates) => updates.map((_update, place) => ((3 * index + 5 * place) % 7) - 1),
  };
}
