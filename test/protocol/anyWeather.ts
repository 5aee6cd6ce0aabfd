import { seededRandom } from "../../node/core/random.ts";
import type { FederationOptions } from "../helpers/virtual/federation.ts";
import {
  absentMember,
  deadAggregator,
  equivocator,
  hidingLiar,
  liar,
  passing,
  silentLiar,
  silentSeat,
  withholdsBlob,
  withholdsOpening,
  withholdsScores,
  type Misbehaviour,
} from "../helpers/virtual/misbehaviour.ts";
import { expectSound, play, settledRounds } from "./soundness.ts";

const KINDS = [
  liar,
  hidingLiar,
  silentLiar,
  equivocator,
  passing,
  deadAggregator,
  absentMember,
  withholdsOpening,
  withholdsBlob,
  silentSeat,
  withholdsScores,
];

/** Plays a random federation for each seed from `first` to before `end`. @returns how many rounds settled in all of them */
export async function playAnyWeather(first: number, end: number): Promise<number> {
  let settled = 0;
  for (let seed = first; seed < end; seed++) {
    const federation = await play(randomCase(seed, KINDS));
    try {
      expectSound(federation);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
    settled += settledRounds(federation);
  }
  return settled;
}

/** A federation of 3 to 6 members with its own weather; fewer than half of them misbehave. */
function randomCase(seed: number, kinds: readonly Misbehaviour[]): FederationOptions {
  const random = seededRandom(seed, 31);
  const rate = (most: number): number => (random.below(3) === 0 ? 0 : most * random.uniform());
  const members = 3 + random.below(4);
  const culprits = random.below(Math.ceil(members / 2));
  const behaviours = Array.from({ length: members }, (_, i) =>
    i < culprits ? kinds[random.below(kinds.length)] : undefined,
  );
  return {
    members,
    seed,
    behaviours: behaviours.map((_, i) => behaviours[(i + seed) % members]),
    conditions: {
      dropRate: rate(0.5),
      duplicateRate: rate(0.3),
      lostRate: rate(0.3),
      unheardRate: rate(0.3),
      crashRate: rate(0.02),
      downSeconds: 20,
      messageSeconds: 0.05 + rate(3),
      transactionSeconds: 0.05 + rate(2),
      viewSeconds: 0.05 + rate(2),
    },
  };
}
