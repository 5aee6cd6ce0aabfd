import type { Hex } from "../../core/bytes.ts";
import { seededRandom } from "../../core/random.ts";
import type { SignedStruct } from "../../core/typedData.ts";
import type { PeerEffect } from "../../protocol/events.ts";
import type { PeerState } from "../../protocol/state.ts";
import type { Learner } from "./learner.ts";

/** Participants that do not do what they should, for simulations and tests: what they learn, and where they leave the protocol. */

/** Trains honestly and sends the opposite (the sign-flipping attack of Li et al. 2019, arXiv:1811.03761). */
export function signFlipping(honest: Learner): Learner {
  return {
    ...honest,
    async localUpdate(params, round) {
      return (await honest.localUpdate(params, round)).map((value) => -value);
    },
  };
}

/**
 * Never trains: returns the global model with a little noise, as a free rider does that wants to look alive.
 * @param stddev of the noise on every param
 */
export function freeRiding(honest: Learner, stddev: number, seed: readonly number[]): Learner {
  return {
    ...honest,
    localUpdate(params, round) {
      const random = seededRandom(...seed, round);
      return Promise.resolve(Float32Array.from(params, () => stddev * random.normal()));
    },
  };
}

/** Where a participant leaves the protocol. What is not given it does as it should. */
export interface Misbehaviour {
  /** What it publishes in place of the aggregate that it computed. */
  readonly tamper?: (state: PeerState, aggregate: Int32Array) => Int32Array;
  /** Blobs that it gives to nobody who asks. */
  readonly hides?: (state: PeerState, root: Hex) => boolean;
  /** Effects that it never carries out. */
  readonly omits?: (state: PeerState, effect: PeerEffect) => boolean;
  /** What it says to the others beside what it should. */
  readonly adds?: (state: PeerState, body: SignedStruct) => readonly SignedStruct[];
}

/** What a seat can do wrong in a round. */
export const FAULTS = ["lie", "hidden-lie", "silent-lie", "no-proposal", "equivocation"] as const;
export type Fault = (typeof FAULTS)[number];

/** @param when in which round, and in which seat */
export function misbehaviourOf(fault: Fault, when: (state: PeerState) => boolean): Misbehaviour {
  const lies: Misbehaviour = {
    tamper: (state, aggregate) => (when(state) ? tamperedAggregate(aggregate) : aggregate),
  };
  const hides: Misbehaviour = { ...lies, hides: (state, root) => when(state) && root === state.memory.aggregateRoot };
  switch (fault) {
    case "lie":
      return lies;
    case "hidden-lie": // what the chain demands to see it shows
      return hides;
    case "silent-lie":
      return { ...hides, omits: (state, { type }) => type === "answer" && when(state) };
    case "no-proposal":
      return { omits: (state, { type }) => type === "propose" && when(state) };
    case "equivocation":
      return { adds: (state, body) => (when(state) ? otherRoot(body) : []) };
  }
}

/** Adds one step to one coordinate in each leaf, which no accuracy figure would ever show. */
function tamperedAggregate(aggregate: Int32Array): Int32Array {
  return aggregate.map((value, index) => (index % 128 === 7 ? value + 1 : value));
}

function otherRoot(body: SignedStruct): SignedStruct[] {
  if (body.type !== "Attestation") return [];
  return [{ ...body, aggregateRoot: `0x${body.aggregateRoot.slice(4)}00` }];
}
