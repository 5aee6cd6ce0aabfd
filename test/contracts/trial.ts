import { concatBytes, toHex, type Hex } from "../../node/core/bytes.ts";
import type { IncludedUpdate } from "../../node/core/encoding.ts";
import { LEAF_VALUES, proveLeaf, zeroHashes } from "../../node/core/merkle.ts";
import { proposalOf, type Compact } from "./messages.ts";
import { updateOf, viewOf, type Player, type Step, type View } from "./player.ts";
import { aggregateOf, aggregateTree, includedOf, proposeFrom, type Aggregate } from "./round.ts";

/** What the court is shown: proofs, equivocations, demands and answers. */

export interface LeafProof {
  readonly leaf: Hex;
  readonly siblings: readonly Hex[];
}

export interface WrongLeaf {
  readonly coordinate: number;
  readonly updates: readonly IncludedUpdate[];
  readonly updateLeaves: readonly LeafProof[];
  readonly aggregateLeaf: LeafProof;
}

export interface TreeNode {
  readonly tree: number;
  readonly level: number;
  readonly index: number;
  readonly hash: Hex;
}

/** A proposal that is wrong, and the view of the round in which it stands. */
export interface Wrong {
  readonly view: View;
  readonly aggregate: Aggregate;
}

export function leafProof({ bytes, tree }: Aggregate, coordinate: number): LeafProof {
  const index = Math.floor(coordinate / LEAF_VALUES);
  const leaf = bytes.slice(index * tree.leafBytes, (index + 1) * tree.leafBytes);
  return { leaf: toHex(leaf), siblings: proveLeaf(tree, index).map(toHex) };
}

/** The proof against an aggregate of these bytes. */
export function wrongLeafOf(player: Player, view: View, coordinate: number, claimed: Aggregate): WrongLeaf {
  const updates = includedOf(player, view);
  const updateLeaves = updates.map(({ memberId }) => leafProof(updateOf(player, view, memberId), coordinate));
  return { coordinate, updates, updateLeaves, aggregateLeaf: leafProof(claimed, coordinate) };
}

/** The right aggregate, with the padding of its last leaf, but for one value. */
export function wrongAggregate(player: Player, view: View, coordinate: number, error = 1): Aggregate {
  const values = new Int32Array(Math.ceil(player.vectorLength / LEAF_VALUES) * LEAF_VALUES);
  values.set(aggregateOf(player, view));
  values[coordinate]! += error;
  return aggregateTree(values);
}

/** Proposes what is right but for one value. */
export async function proposeWrong(player: Player, coordinate: number, error = 1, seat = 0): Promise<Wrong> {
  const aggregate = wrongAggregate(player, await viewOf(player), coordinate, error);
  await proposeFrom(player, seat, aggregate.tree.root);
  return { view: await viewOf(player), aggregate };
}

export async function prove(player: Player, wrong: Wrong, coordinate: number): Step {
  const proof = wrongLeafOf(player, wrong.view, coordinate, wrong.aggregate);
  return await player.world.court.proveWrongLeaf(player.job, proof);
}

/** A root that a seat signed for a slot of the round. */
export function signedRoot(
  player: Player,
  view: View,
  seat: number,
  aggregateRoot: Hex,
): Compact & { readonly aggregateRoot: Hex } {
  const { r, vs } = proposalOf(player, view, seat, aggregateRoot);
  return { aggregateRoot, r, vs };
}

/** What a seat signs beside the root, in its own slot. */
export function statementOf(
  view: View,
  slot: number,
): { readonly round: bigint; readonly seed: Hex; readonly slot: number; readonly includeHash: Hex } {
  return { round: view.round, seed: view.seed, slot, includeHash: view.includeHash };
}

/** Hashes of one level of a tree, all-zero leaves included. */
function levelOf({ tree }: Aggregate, level: number): Uint8Array[] {
  const known = tree.levels[level]!;
  const zero = zeroHashes(tree.leafBytes, tree.depth)[level]!;
  return Array.from({ length: 2 ** (tree.depth - level) }, (_, index) =>
    index < known.length / 32 ? known.slice(32 * index, 32 * index + 32) : zero,
  );
}

/** A node of a tree. @param tree 0 for the aggregate's, k + 1 for that of the update at index k of the include order */
export function nodeOf(of: Aggregate, tree: number, level: number, index: number): TreeNode {
  return { tree, level, index, hash: toHex(levelOf(of, level)[index]!) };
}

/** Sibling hashes from a node up to the root. */
export function pathOf(of: Aggregate, level: number, index: number): Hex[] {
  return Array.from({ length: of.tree.depth - level }, (_, step) =>
    toHex(levelOf(of, level + step)[(index >> step) ^ 1]!),
  );
}

/** What is shown of a node: the 64 hashes six levels down, fewer near the leaves, or the leaf. */
export function answerOf(of: Aggregate, level: number, index: number): Hex {
  if (level === 0) {
    const leaf = new Uint8Array(of.tree.leafBytes);
    leaf.set(of.bytes.subarray(index * of.tree.leafBytes, (index + 1) * of.tree.leafBytes));
    return toHex(leaf);
  }
  const down = Math.min(level, 6);
  return toHex(concatBytes(...levelOf(of, level - down).slice(index << down, (index + 1) << down)));
}

/** Given, for a node that estimates gas without a gas price sees a base fee, and so a bond, of zero. */
const DEMAND_GAS = 2_000_000;

/** Demands what is under a node of the standing proposal's trees. */
export async function demand(
  player: Player,
  of: Aggregate,
  [tree, level, index]: readonly [number, number, number],
  bond = 10n ** 17n,
): Step {
  const node = nodeOf(of, tree, level, index);
  const { court } = player.world;
  const updates = includedOf(player, await viewOf(player));
  return await court.demand(player.job, updates, node, pathOf(of, level, index), { value: bond, gasLimit: DEMAND_GAS });
}
