import { expect } from "chai";
import type { Contract } from "ethers";
import { network } from "hardhat";
import { before, describe, it } from "mocha";
import { concatBytes, toHex } from "../../node/core/bytes.ts";
import { encodeAggregate, encodeUpdate } from "../../node/core/fixedPoint.ts";
import { buildTree, hashLeaf, proveLeaf, verifyLeaf, type MerkleTree } from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import { read } from "./world.ts";

/** What must not pass for a proof, in either language. The court checks sizes and depths besides. */

/** A tree, its leaves, and a leaf of it with its proof. */
interface Example {
  readonly tree: MerkleTree;
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly siblings: readonly Uint8Array[];
}

const random = seededRandom(300);
const UPDATE_LEAF = 256;

function example(leafCount: number, index: number): Example {
  const bytes = Uint8Array.from({ length: UPDATE_LEAF * leafCount }, () => random.below(256));
  const tree = buildTree(bytes, UPDATE_LEAF);
  const leaf =
    index < leafCount ? bytes.subarray(index * UPDATE_LEAF, (index + 1) * UPDATE_LEAF) : new Uint8Array(UPDATE_LEAF);
  return { tree, index, leaf, siblings: proveLeaf(tree, index) };
}

const isOfFill = ({ tree, index }: Example): boolean => index * 32 >= (tree.levels[0] as Uint8Array).length;

/** Trees of two leaves to 40, full and filled up, with a leaf of each; the last of them of the fill. */
const EXAMPLES = [
  [2, 1],
  [3, 0],
  [4, 2],
  [5, 4],
  [17, 11],
  [32, 31],
  [40, 7],
  [40, 63],
].map(([leafCount, index]) => example(leafCount as number, index as number));

describe("a Merkle proof is refused", () => {
  let harness: Contract;

  before(async () => {
    const { ethers } = await network.create();
    harness = await ethers.deployContract("LibraryHarness");
  });

  async function believed(
    { tree }: Example,
    leaf: Uint8Array,
    siblings: readonly Uint8Array[],
    index: number,
  ): Promise<{ readonly solidity: boolean; readonly typescript: boolean }> {
    const root = await read<string>(harness, "rootOf", toHex(leaf), siblings.map(toHex), index);
    const typescript = verifyLeaf(tree.root, siblings.length, index, leaf, siblings);
    return { solidity: root === tree.root, typescript };
  }
  const YES = { solidity: true, typescript: true };
  const NO = { solidity: false, typescript: false };

  it("in none of these examples as they are", async () => {
    for (const one of EXAMPLES) expect(await believed(one, one.leaf, one.siblings, one.index)).to.deep.equal(YES);
  });

  it("when a node is shown as a leaf, with or without a prefix of its own: a second pre-image", async () => {
    for (const one of EXAMPLES) {
      const [sibling, ...above] = one.siblings as [Uint8Array, ...Uint8Array[]];
      const own = hashLeaf(one.leaf);
      const pair = one.index & 1 ? concatBytes(sibling, own) : concatBytes(own, sibling);
      for (const prefix of [[], [0], [1]]) {
        const leaf = concatBytes(Uint8Array.from(prefix), pair);
        expect(await believed(one, leaf, above, one.index >> 1)).to.deep.equal(NO);
      }
    }
  });

  it("when a leaf is shown as a node: hashed with the prefix of one", async () => {
    for (const one of EXAMPLES) {
      const forged = concatBytes(Uint8Array.of(1), one.leaf);
      expect(await believed(one, forged, one.siblings, one.index)).to.deep.equal(NO);
    }
  });

  it("when its depth is another: a level left out, doubled or added", async () => {
    for (const one of EXAMPLES) {
      const { siblings, leaf, index } = one;
      const last = siblings.at(-1) as Uint8Array;
      const others = [siblings.slice(1), siblings.slice(0, -1), [...siblings, last], [last, ...siblings], []];
      for (const wrong of others.filter(({ length }) => length !== siblings.length)) {
        for (const at of [index, index >> 1, 0]) {
          expect(await believed(one, leaf, wrong, at)).to.deep.equal(NO);
        }
      }
    }
  });

  it("when its index is shifted, by a whole tree too", async () => {
    for (const one of EXAMPLES) {
      const size = 2 ** one.tree.depth;
      // Leaves of the fill are all alike, and so are many of their proofs.
      const inside = isOfFill(one) ? [] : Array.from({ length: size }, (_, index) => index);
      const others = inside.filter((index) => index !== one.index);
      for (const wrong of [...others, one.index + size, one.index + 2 * size, one.index + 2 ** 31 * size]) {
        expect(await believed(one, one.leaf, one.siblings, wrong), `${one.index} as ${wrong}`).to.deep.equal(NO);
      }
    }
  }).timeout(20_000);

  it("when values after the vector's end are not zero, in its last leaf or in a leaf of the fill", async () => {
    for (const [encoded, leafBytes] of [
      [encodeUpdate(Int16Array.from({ length: 300 }, (_, i) => i - 150)), 256],
      [encodeAggregate(Int32Array.from({ length: 300 }, (_, i) => i - 150)), 512],
    ] as const) {
      const tree = buildTree(encoded, leafBytes); // three leaves, the last with 44 values, and one of the fill
      const last = new Uint8Array(encoded.subarray(2 * leafBytes));
      const fill = new Uint8Array(leafBytes);
      for (const [index, leaf] of [
        [2, last],
        [3, fill],
      ] as const) {
        const one = { tree, index, leaf, siblings: proveLeaf(tree, index) };
        expect(await believed(one, leaf, one.siblings, index)).to.deep.equal(YES);
        for (const at of [(44 * leafBytes) / 128, leafBytes - 1]) {
          const stuffed = new Uint8Array(leaf);
          stuffed[at] = 1;
          expect(await believed(one, stuffed, one.siblings, index)).to.deep.equal(NO);
        }
        expect(await believed(one, leaf.subarray(0, -1), one.siblings, index)).to.deep.equal(NO);
        expect(await believed(one, concatBytes(leaf, Uint8Array.of(0)), one.siblings, index)).to.deep.equal(NO);
      }
    }
  });
});
