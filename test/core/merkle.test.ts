import { describe, it } from "mocha";
import { expect } from "chai";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { fromHex, toHex, type Hex } from "../../node/core/bytes.ts";
import * as merkle from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import { SEEDED } from "../helpers/seeded.ts";
import { vectorCases } from "../helpers/vectors.ts";

const { buildTree, proveLeaf, verifyLeaf } = merkle;
const LEAF = 256;

const sha256 = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
const leafHash = (leaf: Uint8Array): Buffer => sha256(Uint8Array.of(0), leaf);
const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Uint8Array.of(1), left, right);

function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random.below(256));
}
const leafAt = (bytes: Uint8Array, index: number): Uint8Array => bytes.subarray(index * LEAF, (index + 1) * LEAF);

describe("treeDepth and leafCountOf", () => {
  it("follow from the vector's length alone", () => {
    const depths = [1, 2, 3, 4, 5, 8, 9, 1557, 2048, 2049, 2 ** 30].map(merkle.treeDepth);
    expect(depths).to.deep.equal([0, 1, 2, 2, 3, 3, 4, 11, 11, 12, 30]);
    expect([1, 127, 128, 129, 199_210].map(merkle.leafCountOf)).to.deep.equal([1, 1, 1, 2, 1557]);
  });

  it("refuse a tree without leaves and one that no terms allow", () => {
    for (const count of [0, -1, 1.5, 2 ** 30 + 1, NaN]) {
      expect(() => merkle.treeDepth(count))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("buildTree", () => {
  it("has the root that one computes by hand: one, two and three leaves", () => {
    const bytes = randomBytes(3 * LEAF, 1);
    const [a, b, c] = [0, 1, 2].map((i) => leafHash(leafAt(bytes, i))) as [Buffer, Buffer, Buffer];
    const zero = leafHash(new Uint8Array(LEAF));
    expect(buildTree(bytes.subarray(0, LEAF), LEAF)).to.include({ root: toHex(a), depth: 0 });
    expect(buildTree(bytes.subarray(0, 2 * LEAF), LEAF)).to.include({ root: toHex(nodeHash(a, b)), depth: 1 });
    expect(buildTree(bytes, LEAF)).to.include({ root: toHex(nodeHash(nodeHash(a, b), nodeHash(c, zero))), depth: 2 });
  });

  it("fills up with all-zero leaves, level by level: five leaves", () => {
    const bytes = randomBytes(5 * LEAF, 2);
    const filled = Buffer.concat([bytes, new Uint8Array(3 * LEAF)]);
    expect(buildTree(bytes, LEAF).root).to.equal(buildTree(filled, LEAF).root);
  });

  it("has another root at another depth, even where only zeros were added", () => {
    const bytes = randomBytes(2 * LEAF, 3);
    const padded = Buffer.concat([bytes, new Uint8Array(LEAF)]);
    expect(buildTree(bytes, LEAF).root).to.not.equal(buildTree(padded, LEAF).root);
  });

  it("changes its root with any single bit", () => {
    const bytes = randomBytes(5 * LEAF, 4);
    const { root } = buildTree(bytes, LEAF);
    for (const at of [0, LEAF - 1, LEAF, 4 * LEAF, 5 * LEAF - 1]) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(buildTree(changed, LEAF).root).to.not.equal(root);
    }
  });

  it("can be finished from a level in the middle", () => {
    const tree = buildTree(randomBytes(11 * LEAF, 5), LEAF);
    const above = merkle.buildLevels(tree.levels[2] as Uint8Array, LEAF, 2, tree.depth);
    expect(toHex(above[above.length - 1] as Uint8Array)).to.equal(tree.root);
  });

  it("refuses bytes that are no whole number of leaves", () => {
    for (const size of [0, LEAF - 1, LEAF + 1]) {
      expect(() => buildTree(new Uint8Array(size), LEAF))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("proveLeaf and verifyLeaf", () => {
  const bytes = randomBytes(5 * LEAF, 6);
  const tree = buildTree(bytes, LEAF);
  const check = (
    index: number,
    leaf: Uint8Array,
    proof: readonly Uint8Array[],
    depth = tree.depth,
    root: Hex = tree.root,
  ): boolean => verifyLeaf(root, depth, index, leaf, proof);

  it("prove every leaf of a tree of any size, and at no other index", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (leafCount, pick) => {
        const blob = randomBytes(leafCount * LEAF, leafCount);
        const { root, depth, ...rest } = buildTree(blob, LEAF);
        const index = pick % leafCount;
        const proof = proveLeaf({ root, depth, ...rest }, index);
        for (let at = 0; at < 2 ** depth; at++) {
          expect(verifyLeaf(root, depth, at, leafAt(blob, index), proof)).to.equal(at === index);
        }
      }),
      { ...SEEDED, numRuns: 60 },
    );
  });

  it("prove a single leaf with no siblings", () => {
    const single = buildTree(leafAt(bytes, 0), LEAF);
    expect(proveLeaf(single, 0)).to.deep.equal([]);
    expect(verifyLeaf(single.root, 0, 0, leafAt(bytes, 0), [])).to.equal(true);
    expect(verifyLeaf(single.root, 0, 1, leafAt(bytes, 0), [])).to.equal(false);
  });

  it("prove the zeros of the fill, and nothing else there", () => {
    for (const index of [5, 6, 7]) {
      const proof = proveLeaf(tree, index);
      expect(check(index, new Uint8Array(LEAF), proof)).to.equal(true);
      expect(check(index, Uint8Array.of(...new Uint8Array(LEAF - 1), 1), proof)).to.equal(false);
    }
    expect(() => proveLeaf(tree, 8))
      .to.throw()
      .with.property("code", "bad-argument");
  });

  it("refuse a tampered leaf and a tampered sibling at any height", () => {
    const proof = proveLeaf(tree, 4);
    expect(check(4, leafAt(bytes, 3), proof)).to.equal(false);
    for (let height = 0; height < tree.depth; height++) {
      const tampered = proof.map((sibling) => Uint8Array.from(sibling));
      (tampered[height] as Uint8Array)[31] = ((tampered[height] as Uint8Array)[31] as number) ^ 0x80;
      expect(check(4, leafAt(bytes, 4), tampered)).to.equal(false);
    }
  });

  it("refuse a proof of the wrong length, and siblings that are no hashes", () => {
    const proof = proveLeaf(tree, 1);
    const leaf = leafAt(bytes, 1);
    expect(check(1, leaf, proof.slice(1))).to.equal(false);
    expect(check(1, leaf, [...proof, proof[0] as Uint8Array])).to.equal(false);
    expect(check(1, leaf, proof.slice(0, 2), 2)).to.equal(false);
    for (const depth of [0, 2, 4])
      expect(check(1, leaf, proof, depth), `a right proof at depth ${depth}`).to.equal(false);
    expect(check(1, leaf, [(proof[0] as Uint8Array).subarray(1), ...proof.slice(1)])).to.equal(false);
    expect(check(1, leaf, [Buffer.concat([proof[0] as Uint8Array, Uint8Array.of(0)]), ...proof.slice(1)])).to.equal(
      false,
    );
  });

  it("refuse an index that is outside or no integer", () => {
    const proof = proveLeaf(tree, 0);
    for (const index of [-1, 8, 2 ** 32, 0.5, NaN]) {
      expect(check(index, leafAt(bytes, 0), proof), `${index}`).to.equal(false);
      expect(() => proveLeaf(tree, index))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });

  it("do not take an inner node for a leaf (second pre-image)", () => {
    const [left, right] = [leafHash(leafAt(bytes, 0)), leafHash(leafAt(bytes, 1))];
    const above = proveLeaf(tree, 0).slice(1);
    for (const forged of [Buffer.concat([left, right]), Buffer.concat([Uint8Array.of(1), left, right])]) {
      expect(check(0, forged, above, tree.depth - 1)).to.equal(false);
    }
  });

  it("do not take a leaf for an inner node", () => {
    // 64 bytes that are two hashes: as a leaf and as a node they must not hash alike.
    const pair = randomBytes(64, 7);
    expect(toHex(merkle.hashLeaf(pair))).to.not.equal(toHex(merkle.hashNode(pair.subarray(0, 32), pair.subarray(32))));
  });
});

describe("test/vectors/merkle.json", () => {
  interface ProofCase {
    leafCount: number;
    depth: number;
    root: Hex;
    leafIndex: number;
    leaf: Hex;
    siblings: Hex[];
  }

  it("holds by node's own hash, folded from the leaf up", () => {
    for (const { leafCount, depth, root, leafIndex, leaf, siblings } of vectorCases<ProofCase>(
      "merkle.json",
      "proofs",
    )) {
      expect(2 ** depth >= leafCount && 2 ** (depth - 1) < leafCount).to.equal(true);
      expect(siblings).to.have.length(depth);
      const folded = siblings.reduce(
        (at, sibling, height) =>
          Math.floor(leafIndex / 2 ** height) % 2 === 1
            ? nodeHash(fromHex(sibling), at)
            : nodeHash(at, fromHex(sibling)),
        leafHash(fromHex(leaf)),
      );
      expect(toHex(folded)).to.equal(root);
      expect(verifyLeaf(root, depth, leafIndex, fromHex(leaf), siblings.map(fromHex))).to.equal(true);
    }
  });
});
