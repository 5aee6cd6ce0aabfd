import type { Hex } from "../../node/core/bytes.ts";
import { aggregate } from "../../node/core/aggregationRule.ts";
import { includeHash, type IncludedUpdate } from "../../node/core/encoding.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate } from "../../node/core/fixedPoint.ts";
import { buildTree, type MerkleTree } from "../../node/core/merkle.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { weightsOf } from "../../node/core/weightedMean.ts";
import {
  attestationOf,
  bitmapOf,
  commitmentOf,
  openingOf,
  proposalOf,
  scoreCommitOf,
  scoreOpeningOf,
  signedCommitOf,
  type ScoreOpening,
} from "./messages.ts";
import { memberOf, updateOf, viewOf, type Player, type Step, type View } from "./player.ts";
import { as } from "./world.ts";

/**
 * Plays rounds of a job as honest participants would, everything relayed by one account; a test replaces the step that it is
 * about. A relayed posting that completes its phase also ends it.
 */

export async function advance(player: Player): Step {
  return await player.job.advance();
}

/** Mines the block that the draw waits for, and draws. */
export async function draw(player: Player): Step {
  await player.world.helpers.mine(1);
  return await advance(player);
}

/** An operator's own transaction, which ends no phase. */
export async function commitAt(player: Player, view: View, position: number): Step {
  const { operator } = memberOf(player, view.cohort[position]!);
  return await as(player.job, operator).commit(position, commitmentOf(player, view, position));
}

/** Own commits of the given positions, in this order. */
export async function commitEach(player: Player, positions: readonly number[]): Promise<void> {
  const view = await viewOf(player);
  for (const position of positions) await commitAt(player, view, position);
}

/** Signed commits of the given positions, in this order; of everybody where none are given, and that ends Commit. */
export async function commitAll(player: Player, positions?: readonly number[]): Step {
  const view = await viewOf(player);
  const who = positions ?? [...view.cohort.keys()];
  return await player.job.commitBatch(who.map((position) => signedCommitOf(player, view, position)));
}

/** Openings of all that committed, and every seat's bitmap over them: ends Share. */
export async function shareAll(player: Player): Step {
  const view = await viewOf(player);
  const openings = bitsOf(view.committedMask).map((position) => openingOf(player, view, position));
  const bitmaps = view.seats.map((_, seat) => bitmapOf(player, view, seat, view.committedMask));
  return await player.job.share(openings, bitmaps);
}

/** The include set as the chain hashed it. */
export function includedOf(player: Player, view: View): IncludedUpdate[] {
  const updates = bitsOf(view.includedMask).map((position) => {
    const memberId = Number(view.cohort[position]);
    const { tree, exampleCount } = updateOf(player, view, memberId);
    return { updateRoot: tree.root, memberId, exampleCount: Math.min(exampleCount, player.weightCap) };
  });
  if (includeHash(updates) !== view.includeHash)
    throw new Error("the include set does not hash to what is on the chain");
  return updates;
}

/** The right aggregate of the include set. */
export function aggregateOf(player: Player, view: View): Int32Array {
  const included = includedOf(player, view);
  const counts = included.map(({ exampleCount }) => exampleCount);
  const weights = weightsOf(counts, player.weightCap);
  const updates = included.map(({ memberId }, index) => ({
    values: updateOf(player, view, memberId).values,
    weight: weights[index]!,
  }));
  return aggregate(player.rule, player.trimPermille, updates);
}

export interface Aggregate {
  readonly bytes: Uint8Array;
  readonly tree: MerkleTree;
}

export function aggregateTree(values: Int32Array): Aggregate {
  const bytes = encodeAggregate(values);
  return { bytes, tree: buildTree(bytes, AGGREGATE_LEAF_BYTES) };
}

/** Posts a root that a seat signed. */
export async function proposeFrom(player: Player, seat: number, root: Hex): Step {
  return await player.job.propose(root, proposalOf(player, await viewOf(player), seat, root));
}

/** Posts the right root from a seat; from the first live one where none is given, once its slot has opened. */
export async function proposeRight(player: Player, seat?: number): Step {
  const view = await viewOf(player);
  const first = Number(view.firstSlot);
  const live = seat ?? bitsOf(view.liveSeats).find((one) => one >= first)!;
  if (seat === undefined && live > first) await player.world.helpers.mine(3 * (live - first), { interval: 100 });
  return await proposeFrom(player, live, aggregateTree(aggregateOf(player, view)).tree.root);
}

/** Attestations and score commits of the given seats; of all live ones where none are given, and that ends Challenge. */
export async function attestAll(player: Player, seats?: readonly number[], openings?: readonly ScoreOpening[]): Step {
  const view = await viewOf(player);
  const who = seats ?? bitsOf(view.liveSeats);
  const scores = openings ?? who.map((seat) => scoreOpeningOf(view, seat));
  return await player.job.attest(
    who.map((seat) => attestationOf(player, view, seat)),
    scores.map((opening) => scoreCommitOf(player, view, opening)),
  );
}

/** Opens what was committed, and that settles the round. */
export async function openAllScores(player: Player): Step {
  const view = await viewOf(player);
  return await player.job.openScores(
    bitsOf(view.scoreCommittedMask & view.liveSeats).map((seat) => scoreOpeningOf(view, seat)),
  );
}

/** From Draw to the end of Share. */
export async function playToPropose(player: Player): Promise<void> {
  await draw(player);
  await commitAll(player);
  await shareAll(player);
}

/** From Draw to Challenge, with the right aggregate. */
export async function playToChallenge(player: Player): Promise<void> {
  await playToPropose(player);
  await proposeRight(player);
}

/** From Challenge on; the transaction that settles the round. */
export async function playFromChallenge(player: Player): Step {
  await attestAll(player);
  return await openAllScores(player);
}

/** A whole round; the transaction that settles it. */
export async function playRound(player: Player): Step {
  await playToChallenge(player);
  return await playFromChallenge(player);
}
