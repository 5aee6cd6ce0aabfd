import type { Hex } from "../../core/bytes.ts";
import { PASS } from "../../core/encoding.ts";
import { bitOf, fullMask, hasBit, positionOf, type RoundView } from "../../core/roundView.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, relayRank } from "../places.ts";
import type { PeerState } from "../state.ts";

/** Part of the phase after which a member that still lacks the round's model passes. */
const NO_MODEL = 0.5;
/** Part of the phase after which the commits that are there are posted. */
const PARTIAL = 0.7;
/** Part of the phase after which a member commits by its own transaction. */
const SELF_RESCUE = 0.85;
/** Turns that the relays get before that, where training took longer. */
const RELAY_TURNS = 2;
/** A phase may be long, and whoever trains for all of it is not asked any sooner. */
const SLOW_REPEAT = 5;

/** Commit: train once on the global model of the round, say what is committed, and post it for everybody. */
export function decideCommit(state: PeerState, view: RoundView, now: number): Intent[] {
  return [...commitOwn(state, view, now), ...post(state, view)];
}

function commitOwn(state: PeerState, view: RoundView, now: number): Intent[] {
  const memberId = memberIdOf(state);
  const position = positionOf(view, memberId);
  if (position < 0 || hasBit(view.committedMask, position)) return [];
  const { terms } = state.settings;
  const at = (part: number): number => view.phaseStart + part * terms.commitSeconds;
  const commitment = ownCommitment(state, position);
  if (commitment === undefined) {
    const { round, modelId } = view;
    // Nobody waits for a member that cannot train: it may have been away for long.
    if (state.modelId !== modelId) return [publish(state, view, PASS, at(NO_MODEL))];
    return [{ key: "train", effect: { type: "train", round, memberId, modelId } }];
  }
  const turns = Math.min(RELAY_TURNS * state.settings.relaySeconds, 0.25 * (at(1) - now));
  const rescue: Intent = {
    key: "commit",
    effect: { type: "commit", round: view.round, seed: view.seed, position, commitment },
    notBefore: at(SELF_RESCUE),
    delay: Math.max(0, turns),
  };
  return [publish(state, view, commitment), rescue];
}

/** What this peer has said already stands; then what it has trained. */
function ownCommitment({ memory }: PeerState, position: number): Hex | undefined {
  const said = memory.commits.get(position)?.commitment;
  return said ?? memory.update?.commitment ?? (memory.passes ? PASS : undefined);
}

function publish(state: PeerState, view: RoundView, commitment: Hex, notBefore = -Infinity): Intent {
  const body = { type: "Commit", round: view.round, seed: view.seed, commitment } as const;
  const repeat = SLOW_REPEAT * state.settings.retrySeconds;
  return { key: `publish:commit:${commitment}`, effect: { type: "publish", body }, repeat, notBefore };
}

/** One transaction for all, once the whole cohort has spoken; what there is when most of the phase is over. */
function post(state: PeerState, view: RoundView): Intent[] {
  const { relaySeconds, terms } = state.settings;
  const said = [...state.memory.commits].filter(([position]) => !hasBit(view.committedMask, position));
  if (said.length === 0) return [];
  const wait = relayRank(state, view) * relaySeconds;
  const commits = () => said.map(([position, signed]) => ({ ...signed, position }));
  const effect = () => ({ type: "commitBatch", commits: commits() }) as const;
  const known = said.reduce((mask, [position]) => mask | bitOf(position), view.committedMask);
  if (known === fullMask(view.cohort.length)) return [{ key: "commitBatch:complete", effect, delay: wait }];
  const notBefore = view.phaseStart + PARTIAL * terms.commitSeconds + wait;
  return [{ key: `commitBatch:${said.length}:${view.committedMask}`, effect, delay: wait, notBefore }];
}
