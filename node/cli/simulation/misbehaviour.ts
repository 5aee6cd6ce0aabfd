import { ownSeat } from "../../protocol/places.ts";
import { freeRiding, misbehaviourOf, signFlipping, type Misbehaviour } from "../../daemon/learning/behaviours.ts";
import type { Learner } from "../../daemon/learning/learner.ts";
import { behaviourOf, FREE_RIDER_NOISE, type SimulationSettings } from "./settings.ts";

/** What the settings want to go wrong, as participants do it. */

export function misbehave(honest: Learner, settings: SimulationSettings, index: number): Learner {
  switch (behaviourOf(settings, index)) {
    case "sign-flip":
      return signFlipping(honest);
    case "free-rider":
      return freeRiding(honest, FREE_RIDER_NOISE, [settings.seed, index]);
    case "honest":
      return honest;
  }
}

/** In its round whoever has the first slot is at fault; who equivocates is the next seat, for a proposal is signed once. */
export function misbehaviourIn({ fault, liarRound }: SimulationSettings): Misbehaviour {
  const seat = fault === "equivocation" ? 1 : 0;
  return misbehaviourOf(fault, (state) => state.view?.round === liarRound && ownSeat(state) === seat);
}
