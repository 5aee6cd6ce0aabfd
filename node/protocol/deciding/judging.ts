import { hasBit, popCount, quorumOf, type RoundView } from "../../core/roundView.ts";
import type { Intent } from "../plan.ts";
import { ownSeat, relayRank } from "../places.ts";
import type { PeerState } from "../state.ts";
import { aggregateHolders, answerDemands, challenge, demandUpdates } from "./challenging.ts";
import { computeAggregate } from "./proposing.ts";
import { watch } from "./watching.ts";

/** Part of the quorum's window after which the attestations and score commits that are there are posted. */
const PARTIAL = 0.5;

/** Challenge: attest the standing aggregate or prove it wrong; post attestations and score commits for everybody. */
export function decideJudging(state: PeerState, view: RoundView, now: number): Intent[] {
  const answers = answerDemands(state, view, now);
  const seat = ownSeat(state);
  if (seat < 0) return [...fetchAggregate(state, view), ...watch(state, view), ...answers];
  const { aggregateRoot } = state.memory;
  if (aggregateRoot === undefined) {
    return [...computeAggregate(state, view), ...demandUpdates(state, view), ...answers];
  }
  const verdict = aggregateRoot === view.aggregateRoot ? attest(state, view, seat) : challenge(state, view);
  return [...verdict, ...post(state, view), ...answers];
}

/** Who has no seat needs the aggregate itself, from its poster or from whoever attested it. */
function fetchAggregate(state: PeerState, view: RoundView): Intent[] {
  const { aggregateRoot } = view;
  if (state.memory.fetched.has(aggregateRoot)) return [];
  const effect = {
    type: "fetchAggregate",
    round: view.round,
    aggregateRoot,
    holders: aggregateHolders(state, view),
  } as const;
  return [{ key: `fetch:${aggregateRoot}`, effect }];
}

function attest(state: PeerState, view: RoundView, seat: number): Intent[] {
  if (!hasBit(view.liveSeats, seat) || hasBit(view.attestedMask, seat)) return [];
  const { round, seed, slot, includeHash, aggregateRoot } = view;
  const body = { type: "Attestation", round, seed, slot, includeHash, aggregateRoot } as const;
  return [
    {
      key: `publish:attestation:${slot}:${aggregateRoot}`,
      effect: { type: "publish", body },
      repeat: state.settings.retrySeconds,
    },
  ];
}

/** One transaction for all, once every live seat has spoken; what there is when half of the quorum's window is over. */
function post(state: PeerState, view: RoundView): Intent[] {
  const { memory, settings } = state;
  if (memory.aggregateRoot !== view.aggregateRoot) return [];
  const attestations = [...memory.attestations]
    .flatMap(([seat, signed]) => signed.map((one) => ({ ...one, seat })))
    .filter(({ slot, aggregateRoot }) => slot === view.slot && aggregateRoot === view.aggregateRoot)
    .filter(({ seat }) => isWanted(view, view.attestedMask, seat));
  const scoreCommits = [...memory.scoreCommits]
    .filter(([seat]) => isWanted(view, view.scoreCommittedMask, seat))
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
  const half = view.phaseStart + PARTIAL * (quorum ? settings.terms.demandSeconds : settings.terms.challengeSeconds);
  return [{ key, effect, delay: wait, notBefore: half + wait }];
}

function isWanted(view: RoundView, postedMask: bigint, seat: number): boolean {
  return hasBit(view.liveSeats, seat) && !hasBit(postedMask, seat);
}
