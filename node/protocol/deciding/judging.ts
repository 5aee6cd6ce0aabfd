import { ZERO_WORD, type Address } from "../../core/bytes.ts";
import {
  bitsOf,
  hasBit,
  includedUpdates,
  popCount,
  positionOf,
  quorumOf,
  type RoundView,
} from "../../core/roundView.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, othersAmong, ownSeat, relayRank } from "../places.ts";
import type { PeerState } from "../state.ts";
import { fetchUpdate } from "./sharing.ts";

/** Part of the quorum's window after which the attestations and score commits that are there are posted. */
const PARTIAL = 0.5;

/** Propose: every seat computes the aggregate; those whose slot has come post its root. */
export function decideProposal(state: PeerState, view: RoundView): Intent[] {
  const seat = ownSeat(state);
  if (seat < 0) return [];
  const { aggregateRoot } = state.memory;
  if (aggregateRoot === undefined) return computeAggregate(state, view);
  if (seat < view.firstSlot || !hasBit(view.liveSeats, seat)) return [];
  const opensAt = view.phaseStart + (seat - view.firstSlot) * state.settings.terms.slotSeconds;
  const effect = { type: "propose", round: view.round, aggregateRoot } as const;
  return [{ key: `propose:${view.firstSlot}`, effect, notBefore: seat === view.firstSlot ? -Infinity : opensAt }];
}

/**
 * The sum needs every included update; what this peer has not checked itself is fetched from those who have. One that breaks
 * a rule, and that a quorum included all the same, cannot be summed: then this seat judges nothing.
 */
function computeAggregate(state: PeerState, view: RoundView): Intent[] {
  if (state.modelId !== view.modelId) return [];
  const missing = missingUpdates(state, view);
  if (missing.length > 0) return missing;
  if (bitsOf(view.includedMask).some((position) => state.memory.refused.has(view.updateRoots[position]!))) return [];
  const updates = includedUpdates(view, state.members);
  const { round, includeHash } = view;
  return [{ key: "aggregate", effect: { type: "aggregate", round, includeHash, updates } }];
}

/** Fetches for included updates that this peer does not hold. It must hold the round's model, as for `checkUpdates`. */
export function missingUpdates(state: PeerState, view: RoundView): Intent[] {
  return bitsOf(view.includedMask).flatMap((position) => {
    const updateRoot = view.updateRoots[position] ?? ZERO_WORD;
    const own = position === positionOf(view, memberIdOf(state));
    return own ? [] : fetchUpdate(state, view, position, updateRoot);
  });
}

/** Challenge: attest the standing aggregate or prove it wrong; post attestations and score commits for everybody. */
export function decideJudging(state: PeerState, view: RoundView): Intent[] {
  const seat = ownSeat(state);
  if (seat < 0) return fetchAggregate(state, view);
  if (state.memory.aggregateRoot === undefined) return computeAggregate(state, view);
  const verdict = state.memory.aggregateRoot === view.aggregateRoot ? attest(state, view, seat) : prove(state, view);
  return [...verdict, ...post(state, view)];
}

/** Who has no seat needs the aggregate itself, from its poster or from whoever attested it. */
function fetchAggregate(state: PeerState, view: RoundView): Intent[] {
  if (memberIdOf(state) < 0) return [];
  const effect = {
    type: "fetchAggregate",
    aggregateRoot: view.aggregateRoot,
    holders: aggregateHolders(state, view),
  } as const;
  return [{ key: `fetch:${view.aggregateRoot}`, effect }];
}

function aggregateHolders(state: PeerState, view: RoundView): Address[] {
  const attesters = bitsOf(view.attestedMask);
  return othersAmong(
    state,
    [view.slot, ...attesters].map((seat) => view.seats[seat]),
  );
}

function attest(state: PeerState, view: RoundView, seat: number): Intent[] {
  if (!hasBit(view.liveSeats, seat) || hasBit(view.attestedMask, seat)) return [];
  const { round, seed, slot, includeHash, aggregateRoot } = view;
  const body = { type: "Attestation", round, seed, slot, includeHash, aggregateRoot } as const;
  return [
    {
      key: `publish:attestation:${aggregateRoot}`,
      effect: { type: "publish", body },
      repeat: state.settings.retrySeconds,
    },
  ];
}

/** Any seat can prove; they wait by rank, so that one proof is paid for. */
function prove(state: PeerState, view: RoundView): Intent[] {
  const { round, aggregateRoot } = view;
  const effect = {
    type: "prove",
    round,
    updates: includedUpdates(view, state.members),
    aggregateRoot,
    holders: aggregateHolders(state, view),
  } as const;
  // The liar holds the first rank and will not prove its own fault.
  const rank = Math.max(0, relayRank(state, view) - 1);
  return [{ key: `prove:${aggregateRoot}`, effect, delay: rank * state.settings.relaySeconds }];
}

/** One transaction for all, once every live seat has spoken; what there is when half of the quorum's window is over. */
function post(state: PeerState, view: RoundView): Intent[] {
  const { memory, settings } = state;
  if (memory.aggregateRoot !== view.aggregateRoot) return [];
  const attestations = [...memory.attestations]
    .filter(
      ([seat, { slot, aggregateRoot }]) =>
        slot === view.slot && aggregateRoot === view.aggregateRoot && isWanted(view, view.attestedMask, seat),
    )
    .map(([seat, signed]) => ({ ...signed, seat }));
  const scoreCommits = [...memory.scoreCommits]
    .filter(
      ([seat, { includeHash }]) => includeHash === view.includeHash && isWanted(view, view.scoreCommittedMask, seat),
    )
    .map(([seat, signed]) => ({ ...signed, seat }));
  if (attestations.length + scoreCommits.length === 0) return [];
  const wait = relayRank(state, view) * settings.relaySeconds;
  const effect = { type: "attest", attestations, scoreCommits } as const;
  const key = `attest:${view.aggregateRoot}:${attestations.length}:${scoreCommits.length}`;
  const live = popCount(view.liveSeats);
  const allAttest = popCount(view.attestedMask & view.liveSeats) + attestations.length === live;
  const allScored = popCount(view.scoreCommittedMask & view.liveSeats) + scoreCommits.length === live;
  if (allAttest && allScored) return [{ key: `attest:${view.aggregateRoot}:complete`, effect, delay: wait }];
  const quorum = popCount(view.attestedMask) + attestations.length >= quorumOf(view.seats.length);
  const half = view.phaseStart + PARTIAL * (quorum ? settings.terms.attestSeconds : settings.terms.challengeSeconds);
  return [{ key, effect, delay: wait, notBefore: half + wait }];
}

function isWanted(view: RoundView, postedMask: bigint, seat: number): boolean {
  return hasBit(view.liveSeats, seat) && !hasBit(postedMask, seat);
}
