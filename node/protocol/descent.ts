import { keccakWords, toHex, type Address, type Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { hashNode, zeroHashes, type MerkleTree } from "../core/merkle.ts";
import type { DemandedNode } from "./state.ts";

/**
 * The way down a tree whose leaves somebody hides: a node is demanded on the chain, and the answer is what stands six levels
 * below it, until a leaf is shown. Contracts: contracts/court/Demands.sol.
 */

/** Levels that an answer goes down; fewer near the leaves. */
const ANSWER_LEVELS = 6;

/** What was shown in answer to a demand: hashes from the left, or the leaf. */
export interface Shown {
  readonly node: DemandedNode;
  readonly data: Uint8Array;
}

/** A row of a tree as far as it is shown. */
export interface Row {
  readonly level: number;
  /** Of the first one. */
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
}

export type Step =
  | { readonly type: "demand"; readonly node: DemandedNode; readonly path: readonly Uint8Array[] }
  | {
      readonly type: "leaf";
      readonly index: number;
      readonly leaf: Uint8Array;
      /** From the leaf up. */
      readonly siblings: readonly Uint8Array[];
    };

/**
 * What to do next to be shown a leaf.
 * @param top the tree's root
 * @param choose place in the row at which to go on
 */
export function descend(top: DemandedNode, shown: readonly Shown[], choose: (row: Row) => number): Step {
  let node = top;
  let path: readonly Uint8Array[] = [];
  for (;;) {
    const answer = shown.find((each) => isSame(each.node, node));
    if (answer === undefined) return { type: "demand", node, path };
    if (node.level === 0) return { type: "leaf", index: node.index, leaf: answer.data, siblings: path };
    const down = Math.min(ANSWER_LEVELS, node.level);
    const levels = levelsAbove(split(answer.data));
    const row = { level: node.level - down, index: node.index * 2 ** down, hashes: levels[0] as readonly Uint8Array[] };
    const place = choose(row);
    const hash = toHex(row.hashes[place] as Uint8Array);
    path = [...siblingsOf(levels, place), ...path];
    node = { tree: top.tree, level: row.level, index: row.index + place, hash };
  }
}

/** The first place at which what is shown is not what `own` says. */
export function firstDifference(own: MerkleTree): (row: Row) => number {
  return ({ level, index, hashes }) => {
    const place = hashes.findIndex((hash, at) => toHex(hash) !== toHex(nodeAt(own, level, index + at)));
    if (place < 0) throw new PacelineError("bad-argument", "the tree that was shown does not differ from one's own");
    return place;
  };
}

/**
 * Where there is nothing to compare with, one leaf is as good as another: each asker's is its own, so that nobody can know
 * beforehand which leaves will be asked for.
 */
export function sampledLeaf(seed: Hex, asker: Address, root: Hex, leafCount: number): (row: Row) => number {
  const leaf = Number(BigInt(keccakWords(seed, asker, root)) % BigInt(leafCount));
  return ({ level, index }) => Math.floor(leaf / 2 ** level) - index;
}

/**
 * What answers a demand for a node of `tree`.
 * @param bytes the leaves that the tree is over
 */
export function shownUnder(tree: MerkleTree, bytes: Uint8Array, { level, index }: DemandedNode): Uint8Array {
  if (level === 0) {
    const leaf = new Uint8Array(tree.leafBytes); // the fill is of zeros
    leaf.set(bytes.subarray(index * tree.leafBytes, (index + 1) * tree.leafBytes));
    return leaf;
  }
  const down = Math.min(ANSWER_LEVELS, level);
  const data = new Uint8Array(32 * 2 ** down);
  for (let place = 0; place < 2 ** down; place++) {
    data.set(nodeAt(tree, level - down, index * 2 ** down + place), 32 * place);
  }
  return data;
}

/** A node's hash; of the zero leaves that fill the tree up as well. */
function nodeAt(tree: MerkleTree, level: number, index: number): Uint8Array {
  const row = tree.levels[level] as Uint8Array;
  const hash = row.subarray(32 * index, 32 * index + 32);
  return hash.length === 32 ? hash : (zeroHashes(tree.leafBytes, level)[level] as Uint8Array);
}

function isSame(a: DemandedNode, b: DemandedNode): boolean {
  return a.tree === b.tree && a.level === b.level && a.index === b.index;
}

function split(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / 32 }, (_, at) => hashes.subarray(32 * at, 32 * at + 32));
}

/** The row itself, and all above it up to the one node over it. */
function levelsAbove(row: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const levels = [row];
  for (let below = row; below.length > 1; levels.push(below)) {
    const pairs = below;
    below = Array.from({ length: pairs.length / 2 }, (_, at) =>
      hashNode(pairs[2 * at] as Uint8Array, pairs[2 * at + 1] as Uint8Array),
    );
  }
  return levels;
}

/** From the node at `place` of the lowest row up to, and without, the one node on top. */
function siblingsOf(levels: readonly (readonly Uint8Array[])[], place: number): Uint8Array[] {
  return levels.slice(0, -1).map((row, height) => row[(place >> height) ^ 1] as Uint8Array);
}
