import type { Address, Hex } from "../../core/bytes.ts";
import { bitOf, bitsOf, certifiedMask, hasBit, positionOf, type RoundView } from "../../core/roundView.ts";
import { certifiedOnChain } from "../completion.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, othersAmong, ownSeat, relayRank } from "../places.ts";
import type { OpeningBody, PeerState, Signed } from "../state.ts";

/** Part of the phase after which what is there is posted, complete or not. */
const PARTIAL = 0.5;
/** Part of the phase after which a member saves its own bond, whatever the relays do. */
const SELF_RESCUE = 0.7;
/** Turns that the relays get after they have passed it over. */
const RELAY_TURNS = 2;

/** Share: publish and check updates, certify them, and post openings and bitmaps for everybody. */
export function decideSharing(state: PeerState, view: RoundView, now: number): Intent[] {
  return [
    ...publishOpening(state, view),
    ...checkUpdates(state, view),
    ...certify(state, view, now),
    ...post(state, view),
  ];
}

function publishOpening(state: PeerState, view: RoundView): Intent[] {
  const { memory, settings } = state;
  const position = positionOf(view, memberIdOf(state));
  if (position < 0 || memory.update === undefined || !hasBit(view.committedMask, position)) return [];
  if (hasBit(certifiedOnChain(view) & view.openedMask, position)) return [];
  const { updateRoot, exampleCount, salt, commitment } = memory.update;
  // What stands there may be another commitment, made on another disk: nobody can open it with this update.
  const expected = hasBit(view.openedMask, position) ? updateRoot : `${commitment.slice(0, 64)}00`;
  if (view.updateRoots[position] !== expected) return [];
  const body = {
    type: "Opening",
    round: view.round,
    seed: view.seed,
    position,
    updateRoot,
    exampleCount,
    salt,
  } as const;
  return [{ key: "publish:opening", effect: { type: "publish", body }, repeat: settings.retrySeconds }];
}

/**
 * Seats fetch every update whose opening they know, by gossip or from the chain; once they hold the round's model, for its
 * exponent bounds the norm, and an update is refused for the whole round.
 */
function checkUpdates(state: PeerState, view: RoundView): Intent[] {
  if (ownSeat(state) < 0 || state.modelId !== view.modelId) return [];
  return bitsOf(view.committedMask).flatMap((position) => {
    const updateRoot = openedRoot(state, view, position);
    return updateRoot === undefined ? [] : fetchUpdate(state, view, position, updateRoot);
  });
}

/** Fetches and checks the update at a position, unless this peer has judged it already. */
export function fetchUpdate(state: PeerState, view: RoundView, position: number, updateRoot: Hex): Intent[] {
  if (state.memory.checked.has(updateRoot) || state.memory.refused.has(updateRoot)) return [];
  const { round } = view;
  const effect = () => ({ type: "fetchUpdate", round, updateRoot, holders: holdersOf(state, view, position) }) as const;
  return [{ key: `fetch:${updateRoot}`, effect }];
}

/** The root that a position has opened, once this peer knows it. */
function openedRoot(state: PeerState, view: RoundView, position: number): Hex | undefined {
  if (hasBit(view.openedMask, position)) return view.updateRoots[position];
  return state.memory.openings.get(position)?.updateRoot;
}

/** Who should hold the update at a position: its owner first, then the seats that certified it. */
function holdersOf(state: PeerState, view: RoundView, position: number): Address[] {
  const seats = view.seats.filter((_, seat) => {
    const bits = (view.bitmaps[seat] ?? 0n) | (state.memory.bitmaps.get(seat)?.bits ?? 0n);
    return hasBit(bits, position);
  });
  return othersAmong(state, [view.cohort[position], ...seats]);
}

/** Positions that a seat's bitmap counts for: what was committed, but its own. */
function certifiable(view: RoundView, seat: number): bigint {
  const own = positionOf(view, view.seats[seat]!);
  return view.committedMask & ~(own < 0 ? 0n : bitOf(own));
}

/** Publish the bitmap when it is complete, and from half-time on whenever it has grown. */
function certify(state: PeerState, view: RoundView, now: number): Intent[] {
  const seat = ownSeat(state);
  if (seat < 0 || !hasBit(view.liveSeats, seat)) return [];
  let bits = state.memory.bitmaps.get(seat)?.bits ?? 0n; // what was said before a restart stands
  let settled = true;
  for (const position of bitsOf(certifiable(view, seat) & ~bits)) {
    const root = openedRoot(state, view, position);
    if (root !== undefined && state.memory.checked.has(root)) bits |= bitOf(position);
    else if (root === undefined || !state.memory.refused.has(root)) settled = false;
  }
  const posted = view.bitmaps[seat] ?? 0n;
  if (bits === 0n || (bits | posted) === posted) return [];
  const { settings } = state;
  const half = view.phaseStart + PARTIAL * settings.terms.shareSeconds;
  const body = { type: "Bitmap", round: view.round, seed: view.seed, seat, bits } as const;
  const notBefore = settled ? now : half;
  return [
    { key: `publish:bitmap:${bits}`, effect: { type: "publish", body }, repeat: settings.retrySeconds, notBefore },
  ];
}

/**
 * Post what the chain lacks: everything in one transaction as soon as it completes the phase, by the first rank; what there
 * is from half-time on; and one's own opening in any case.
 */
function post(state: PeerState, view: RoundView): Intent[] {
  const { terms, relaySeconds } = state.settings;
  const openings = [...state.memory.openings.values()].filter(
    ({ position }) => hasBit(view.committedMask, position) && !hasBit(view.openedMask, position),
  );
  const bitmaps = [...state.memory.bitmaps.values()].filter(({ seat, bits }) => {
    const posted = view.bitmaps[seat] ?? 0n;
    return hasBit(view.liveSeats, seat) && (posted | (bits & certifiable(view, seat))) !== posted;
  });
  if (openings.length + bitmaps.length === 0 || completes(view, [], [])) return [];
  const wait = relayRank(state, view) * relaySeconds;
  const effect = { type: "share", openings, bitmaps } as const;
  const key = `share:${openings.length}:${bitmaps.length}:${view.openedMask}`;
  if (completes(view, openings, bitmaps)) return [{ key: "share:complete", effect, delay: wait }];
  const partial: Intent = {
    key,
    effect,
    delay: wait,
    notBefore: view.phaseStart + PARTIAL * terms.shareSeconds + wait,
  };
  const own = openings.filter(({ position }) => position === positionOf(view, memberIdOf(state)));
  if (own.length === 0) return [partial];
  const rescue: Intent = {
    key: "share:own",
    effect: { type: "share", openings: own, bitmaps: [] },
    notBefore: view.phaseStart + SELF_RESCUE * terms.shareSeconds,
  };
  if (view.openedMask === 0n) return [partial, rescue];
  // Others have posted what they have, and this was not with it: it seems that they do not hear of it.
  return [partial, { key: "share:passedOver", effect: rescue.effect, delay: RELAY_TURNS * relaySeconds }, rescue];
}

function completes(view: RoundView, openings: readonly OpeningBody[], bitmaps: readonly Signed<"Bitmap">[]): boolean {
  const opened = openings.reduce((mask, { position }) => mask | bitOf(position), view.openedMask);
  if (opened !== view.committedMask) return false;
  if (bitmaps.length === 0) return (certifiedOnChain(view) & view.committedMask) === view.committedMask;
  const after = view.seats.map((_, seat) => {
    const added = bitmaps.find((bitmap) => bitmap.seat === seat)?.bits ?? 0n;
    return (view.bitmaps[seat] ?? 0n) | added;
  });
  return (certifiedMask(view, after) & view.committedMask) === view.committedMask;
}
