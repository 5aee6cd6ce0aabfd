import { decide } from "./decide.ts";
import type { PeerEffect, PeerEvent } from "./events.ts";
import { foldEvent } from "./fold.ts";
import { foldMessage, retryEarly } from "./foldMessage.ts";
import type { PeerMessage } from "./messages.ts";
import { endTask, planEffects } from "./plan.ts";
import { emptyMemory, type PeerSettings, type PeerState } from "./state.ts";
import { ZERO_WORD, type Address, type Hex } from "../core/bytes.ts";

/**
 * A peer's side of a round as a pure function. It holds no clock, no randomness and no I/O: time comes in, effects go out,
 * and their outcomes come back as events. What it wants is worked out anew after each event from what it knows, so a
 * restart or a lost message needs no path of its own.
 */

export interface Step {
  readonly state: PeerState;
  /** To be started now; each answers with its event and then `done` under its key. */
  readonly effects: readonly { readonly key: string; readonly effect: PeerEffect }[];
  /** When a `tick` is due, in seconds; infinite where none is. */
  readonly wakeAt: number;
}

/** A peer that has seen nothing of the chain yet. @param modelId of the params it holds */
export function initialState(settings: PeerSettings, modelId: Hex): PeerState {
  return {
    settings,
    view: undefined,
    members: [],
    demands: [],
    modelId,
    lastRoot: undefined,
    memory: emptyMemory(0, ZERO_WORD),
    settled: undefined,
    saved: undefined,
    attested: undefined,
    equivocations: new Map(),
    judged: undefined,
    disputes: [],
    early: [],
    tasks: new Map(),
  };
}

/** What a peer knows after a message. Many come at once: what to do about them is decided with the `tick` that follows. */
export function hear(state: PeerState, message: PeerMessage, author: Address): PeerState {
  return foldMessage(state, message, author);
}

/** @param now seconds, on the chain's clock */
export function step(state: PeerState, event: PeerEvent, now: number): Step {
  const folded = foldEvent(state, event);
  const known = event.type === "view" && folded.early.length > 0 ? retryEarly(folded) : folded;
  const tasks =
    event.type === "done" ? endTask(known.tasks, event.key, event.ok, now, known.settings.retrySeconds) : known.tasks;
  const plan = planEffects(decide(known, now), tasks, now);
  return { state: { ...known, tasks: plan.tasks }, effects: plan.effects, wakeAt: plan.wakeAt };
}
