import { expect } from "chai";
import { describe, it } from "mocha";
import type { Dataset } from "../../node/data/dataset.ts";
import { splitExamples, splitGroups } from "../../node/data/split.ts";
import { codeOf } from "../helpers/errors.ts";

/** Sentences of 1 to 7 words, 80 words in all; a word is known by its number. */
const SIZES = Array.from({ length: 20 }, (_, i) => 1 + (i % 7));
const GROUPS = Int32Array.from(SIZES.flatMap((size, sentence) => new Array<number>(size).fill(sentence)));
const words: Dataset = {
  count: GROUPS.length,
  inputs: [{ shape: [], values: Float32Array.from(GROUPS.keys()) }],
  targets: { shape: [], values: Int32Array.from(GROUPS, (_, i) => i % 3) },
  classes: 3,
  groups: GROUPS,
};

const wordsOf = ({ inputs }: Dataset): number[] => [...inputs[0]!.values];

describe("a split by groups", () => {
  it("leaves every group whole and in its order, on one side", () => {
    const { train, heldOut } = splitGroups(words, 0.3, 5);
    const [left, right] = [new Set(train.groups), new Set(heldOut.groups)];
    expect([...left].filter((group) => right.has(group))).to.deep.equal([]);
    expect([...wordsOf(train), ...wordsOf(heldOut)].sort((a, b) => a - b)).to.deep.equal([...GROUPS.keys()]);
    for (const side of [train, heldOut]) expect(wordsOf(side)).to.deep.equal(wordsOf(side).toSorted((a, b) => a - b));
  });

  it("holds back the share that is asked for, and at most one group more", () => {
    for (const share of [0.1, 0.25, 0.6]) {
      const { heldOut } = splitGroups(words, share, 8);
      expect(heldOut.count).to.be.within(share * words.count, share * words.count + 7);
    }
  });

  it("is decided by the seed", () => {
    const held = (seed: number): number[] => wordsOf(splitGroups(words, 0.3, seed).heldOut);
    expect(held(1)).to.deep.equal(held(1));
    expect(held(1)).to.not.deep.equal(held(2));
  });

  it("leaves a group on either side, however small or large the share", () => {
    const two: Dataset = { ...words, groups: GROUPS.map((group) => Math.min(1, group)) };
    for (const share of [0.0001, 0.9999]) {
      const { train, heldOut } = splitGroups(two, share, 3);
      expect(Math.min(train.count, heldOut.count)).to.be.above(0);
    }
  });

  it("is refused where there is one group only", () => {
    expect(codeOf(() => splitGroups({ ...words, groups: new Int32Array(words.count) }, 0.3, 1))).to.equal(
      "bad-argument",
    );
  });

  it("is that of tagged words, and of nothing else", () => {
    const groupsOnBothSides = (kind: "tags" | "ratings"): number => {
      const { train, heldOut } = splitExamples({ kind }, words, 0.3, 5);
      return [...new Set(train.groups)].filter((group) => heldOut.groups!.includes(group)).length;
    };
    expect(groupsOnBothSides("tags")).to.equal(0);
    expect(groupsOnBothSides("ratings")).to.be.above(3);
  });
});
