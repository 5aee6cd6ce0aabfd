import type { Address, Hex } from "../../core/bytes.ts";
import { bitsOf, hasBit, includedUpdates, positionOf, type RoundView } from "../../core/roundView.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, othersAmong, ownSeat, relayRank } from "../places.ts";
import type { Demand, PeerState } from "../state.ts";

/** Part of the quorum's window after which the chain is asked for what nobody on the network has. */
const ASK = 0.25;
/** The same for what does not come, though nobody has refused it: whoever hides may stall as well. */
const ASK_ANYWAY = 0.5;
/** Part of it within which all ranks have had their turn. */
const TURNS = 0.3;

/**
 * The standing aggregate is not what this seat computed. Any seat can prove that; they wait by rank, so that one proof is
 * paid for. Where nobody shows the aggregate, the chain is asked for it, node by node.
 */
export function challenge(state: PeerState, view: RoundView): Intent[] {
  const { round, aggregateRoot } = view;
  const holders = aggregateHolders(state, view);
  const effect = { type: "prove", round, updates: includedUpdates(view), aggregateRoot, holders } as const;
  const turn = challengerRank(state, view) * state.settings.relaySeconds;
  // Those without a seat come last, but in time where a quorum of liars shortens the window.
  const delay = ownSeat(state) < 0 ? Math.min(turn, TURNS * state.settings.terms.demandSeconds) : turn;
  const proof: Intent = { key: `prove:${aggregateRoot}`, effect, delay };
  return state.memory.fetched.has(aggregateRoot) ? [proof] : [proof, ...demand(state, view, 0, aggregateRoot)];
}

/** Certified updates that this seat cannot get: it can judge nothing before they are shown, or out of the include set. */
export function demandUpdates(state: PeerState, view: RoundView): Intent[] {
  const own = positionOf(view, memberIdOf(state));
  const { checked, refused } = state.memory;
  for (const [index, position] of bitsOf(view.includedMask).entries()) {
    const root = view.updateRoots[position] as Hex;
    if (position === own || checked.has(root) || refused.has(root)) continue;
    const wishes = demand(state, view, index + 1, root);
    if (wishes.length > 0) return wishes;
  }
  return [];
}

/** Who holds what is demanded shows it, by rank, and all of them before the time is over. */
export function answerDemands(state: PeerState, view: RoundView, now: number): Intent[] {
  return state.demands.flatMap((asked) => {
    const root = heldRoot(state, view, asked);
    if (root === undefined || now > asked.deadline) return [];
    const { id, node, deadline } = asked;
    const turn = Math.min(relayRank(state, view) * state.settings.relaySeconds, (deadline - now) * TURNS);
    return [{ key: `answer:${id}`, effect: { type: "answer", id, node, root }, delay: turn }];
  });
}

export function aggregateHolders(state: PeerState, view: RoundView): Address[] {
  const attesters = bitsOf(view.attestedMask);
  return othersAmong(
    state,
    [view.slot, ...attesters].map((seat) => view.seats[seat]),
  );
}

/**
 * Asks for the next node on the way to a leaf; not while somebody waits for one of the same tree. A member that was drawn may
 * wait for one answer at a time.
 */
function demand(state: PeerState, view: RoundView, tree: number, root: Hex): Intent[] {
  const { operator, terms } = state.settings;
  if (state.demands.some(({ demander, node }) => demander === operator || node.tree === tree)) return [];
  const { demandSeconds } = terms;
  const turn = challengerRank(state, view) * state.settings.relaySeconds;
  const delay = Math.min(turn, TURNS * demandSeconds);
  const { aggregateRoot, seed, windowEnd } = view;
  const effect = () => ({ type: "demand", tree, root, seed, updates: includedUpdates(view) }) as const;
  // An answer moves the window's end: then there is another node to ask for.
  const key = `demand:${aggregateRoot}:${tree}:${windowEnd}`;
  const refused = state.memory.unavailable.has(root);
  // Who has no seat may just not reach those who have it: it asks last, and only for what was refused.
  if (ownSeat(state) < 0 && !refused) return [];
  const patience = (refused && ownSeat(state) >= 0 ? ASK : ASK_ANYWAY) * demandSeconds;
  return [{ key, effect, delay, notBefore: view.phaseStart + patience + delay }];
}

/** Turns of the seats that did not vouch for what stands: the others will not prove their own fault. */
function challengerRank(state: PeerState, view: RoundView): number {
  const vouched = view.attestedMask | (1n << BigInt(view.slot));
  const others = bitsOf(view.liveSeats).filter((seat) => !hasBit(vouched, seat));
  const place = others.indexOf(ownSeat(state));
  return place < 0 ? relayRank(state, view) : place;
}

/** The root of the tree that is asked for, where this peer holds the leaves. */
function heldRoot(state: PeerState, view: RoundView, { node }: Demand): Hex | undefined {
  const { aggregateRoot } = view;
  const { memory } = state;
  if (node.tree === 0) {
    return memory.aggregateRoot === aggregateRoot || memory.fetched.has(aggregateRoot) ? aggregateRoot : undefined;
  }
  const position = bitsOf(view.includedMask)[node.tree - 1];
  return position !== undefined && holdsUpdate(state, view, position) ? view.updateRoots[position] : undefined;
}

function holdsUpdate(state: PeerState, view: RoundView, position: number): boolean {
  const root = view.updateRoots[position] as Hex;
  if (state.memory.checked.has(root)) return true;
  return position === positionOf(view, memberIdOf(state)) && state.memory.update?.updateRoot === root;
}
