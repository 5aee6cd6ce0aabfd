import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, toHex, type Hex } from "../../node/core/bytes.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate } from "../../node/core/fixedPoint.ts";
import { buildTree, hashNode, verifyLeaf, type MerkleTree } from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import {
  descend,
  firstDifference,
  sampledLeaf,
  shownUnder,
  type Row,
  type Shown,
  type Step,
} from "../../node/protocol/descent.ts";

/** An aggregate over `leaves` leaves, with one value changed. */
function vector(leaves: number, changed?: number): Uint8Array {
  const random = seededRandom(7, leaves);
  const values = Int32Array.from({ length: 128 * leaves }, () => random.below(2000) - 1000);
  if (changed !== undefined) values[changed]! += 1;
  return encodeAggregate(values);
}

const treeOf = (bytes: Uint8Array): MerkleTree => buildTree(bytes, AGGREGATE_LEAF_BYTES);

/** Demands on and on, and is answered from `bytes`. */
function walk(bytes: Uint8Array, choose: (row: Row) => number): { levels: number[]; leaf: Step & { type: "leaf" } } {
  const tree = treeOf(bytes);
  const shown: Shown[] = [];
  const levels: number[] = [];
  for (;;) {
    const step = descend({ tree: 0, level: tree.depth, index: 0, hash: tree.root }, shown, choose);
    if (step.type === "leaf") return { levels, leaf: step };
    expect(rootAbove(step)).to.equal(tree.root);
    expect(levels.length, "the walk ends").to.be.lessThan(10);
    levels.push(step.node.level);
    shown.push({ node: step.node, data: shownUnder(tree, bytes, step.node) });
  }
}

function rootAbove({ node, path }: Step & { type: "demand" }): Hex {
  let at: Uint8Array = Buffer.from(node.hash.slice(2), "hex");
  for (const [height, sibling] of path.entries()) {
    at = (node.index >> height) & 1 ? hashNode(sibling, at) : hashNode(at, sibling);
  }
  return toHex(at);
}

describe("the way down a hidden tree", () => {
  // Leaves, the leaf that is wrong, the levels of what has to be demanded.
  const CASES = [
    [1, 0, [0]],
    [2, 1, [1, 0]],
    [64, 63, [6, 0]],
    [65, 64, [7, 1, 0]],
    [300, 71, [9, 3, 0]],
    [4100, 4099, [13, 7, 1, 0]],
  ] as const;
  for (const [leaves, wrong, levels] of CASES) {
    it(`finds the wrong one of ${leaves} leaves by ${levels.length} demands, each with a path to the root`, () => {
      const lie = vector(leaves, 128 * wrong + 17);
      const { levels: asked, leaf } = walk(lie, firstDifference(treeOf(vector(leaves))));
      expect(asked).to.deep.equal(levels);
      expect(leaf.index).to.equal(wrong);
      const { root, depth } = treeOf(lie);
      expect(verifyLeaf(root, depth, leaf.index, leaf.leaf, leaf.siblings)).to.equal(true);
    });
  }

  it("finds a lie in the fill beyond the last leaf, and shows the fill as zeros", () => {
    const honest = vector(5);
    const lie = new Uint8Array(8 * AGGREGATE_LEAF_BYTES);
    lie.set(honest);
    lie[6 * AGGREGATE_LEAF_BYTES + 3] = 1;
    const { leaf } = walk(lie, firstDifference(treeOf(honest)));
    expect(leaf.index).to.equal(6);
    const fill = shownUnder(treeOf(honest), honest, { tree: 0, level: 0, index: 6, hash: keccakWords(1) });
    expect(fill).to.deep.equal(new Uint8Array(AGGREGATE_LEAF_BYTES));
  });

  it("refuses to look for a difference where there is none", () => {
    expect(() => walk(vector(3), firstDifference(treeOf(vector(3))))).to.throw(/does not differ/);
  });

  it("leads each asker to a leaf of its own, and to none of the fill, where there is nothing to compare with", () => {
    const bytes = vector(300);
    const { root } = treeOf(bytes);
    const asked = Array.from({ length: 40 }, (_, id) => {
      const asker = `0x${id.toString(16).padStart(40, "0")}` as const;
      return walk(bytes, sampledLeaf(keccakWords(3), asker, root, 300)).leaf.index;
    });
    expect(Math.max(...asked)).to.be.lessThan(300);
    expect(new Set(asked).size).to.be.greaterThan(30);
  });
});
