import { expect } from "chai";
import { TypedDataEncoder, type Contract } from "ethers";
import { network } from "hardhat";
import { before, describe, it } from "mocha";
import { toAddress, ZERO_WORD, type Address, type Hex } from "../../node/core/bytes.ts";
import { LEAF_VALUES, treeDepth } from "../../node/core/merkle.ts";
import { compactSignature } from "../../node/core/signature.ts";
import { firstSeed } from "../../node/core/sortition.ts";
import { vectorCases } from "../helpers/vectors.ts";
import { read } from "./world.ts";

/** The libraries, held to the vectors that node/core is held to. */

const NONE = 2n ** 256n - 1n;
const bigints = (values: readonly number[]): bigint[] => values.map(BigInt);

describe("the libraries agree with node/core", () => {
  let harness: Contract;
  const call = async <T>(name: string, ...args: readonly unknown[]): Promise<T> => read<T>(harness, name, ...args);

  before(async () => {
    const { ethers } = await network.create();
    harness = await ethers.deployContract("LibraryHarness");
  });

  it("on the weighted mean", async () => {
    interface Case {
      exampleCounts: number[];
      weightCap: number;
      values: number[];
      weights: number[];
      weightedSum: number;
      mean: number;
    }
    for (const one of vectorCases<Case>("fixedPoint.json", "mean")) {
      const result = await call<[bigint[], bigint, bigint]>("mean", one.exampleCounts, one.weightCap, one.values);
      expect([...result[0]]).to.deep.equal(bigints(one.weights));
      expect(result.slice(1)).to.deep.equal([BigInt(one.weightedSum), BigInt(one.mean)]);
    }
  });

  it("on means that round, below zero too", async () => {
    for (const [sum, weight, mean] of [
      [-1, 512, 0], // -512 + 512 = 0
      [-1, 511, -1], // -1 / 1022
      [-3, 2, -384],
      [1, 3, 85], // 85.33
      [-1, 3, -85], // -85.33
      [-5, 3, -427], // -426.67
      [32767 * 2 ** 29, 2 ** 29, 256 * 32767],
      [-32767 * 2 ** 29, 2 ** 29, -256 * 32767],
    ] as const) {
      expect(await call("meanOf", sum, weight), `${sum} / ${weight}`).to.equal(BigInt(mean));
    }
  });

  it("on one coordinate by each aggregation rule", async () => {
    interface Case {
      rule: number;
      trimPermille: number;
      values: number[];
      weights: number[];
      value: number;
    }
    for (const one of vectorCases<Case>("fixedPoint.json", "aggregates")) {
      const found = await call("coordinateOf", one.rule, one.trimPermille, one.values, one.weights);
      expect(found).to.equal(BigInt(one.value));
    }
  });

  it("on there being no rule beyond the median", async () => {
    await expect(call("coordinateOf", 3, 0, [1], [1]))
      .to.be.revertedWithCustomError(harness, "UnknownRule")
      .withArgs(3);
  });

  it("on Merkle proofs", async () => {
    interface Case {
      leafCount: number;
      depth: number;
      root: Hex;
      leafIndex: number;
      leaf: Hex;
      siblings: Hex[];
    }
    for (const one of vectorCases<Case>("merkle.json", "proofs")) {
      expect(await call("rootOf", one.leaf, one.siblings, one.leafIndex)).to.equal(one.root);
      expect(await call("depthOf", one.leafCount * LEAF_VALUES)).to.equal(BigInt(one.depth));
    }
  });

  it("on the depth of a tree just below and above a power of two", async () => {
    for (const [length, depth] of [
      [1, 0],
      [128, 0],
      [129, 1],
      [256, 1],
      [257, 2],
      [384, 2],
      [512, 2],
      [513, 3],
      [2 ** 30, 23],
    ] as const) {
      expect(await call("depthOf", length)).to.equal(BigInt(depth));
      expect(treeDepth(Math.ceil(length / LEAF_VALUES))).to.equal(depth);
    }
  });

  it("on seeds", async () => {
    interface Case {
      job: Address;
      genesisHash: Hex;
      seed: Hex;
      openings: { memberId: number; salt: Hex }[];
      entropy: Hex;
      next: Hex;
    }
    for (const one of vectorCases<Case>("sortition.json", "seeds")) {
      const memberIds = one.openings.map(({ memberId }) => memberId);
      const salts = one.openings.map(({ salt }) => salt);
      expect(await call("nextSeed", one.seed, memberIds, salts, one.entropy)).to.equal(one.next);
      expect(await call("firstSeed", one.job, one.genesisHash)).to.equal(firstSeed(31337, one.job, one.genesisHash));
    }
  });

  it("on lower medians", async () => {
    for (const { values, median } of vectorCases<{ values: number[]; median: number }>("scores.json", "medians")) {
      expect(await call("lowerMedian", values)).to.equal(BigInt(median));
      expect(await call("medianOf", values)).to.equal(values.length < 3 ? NONE : BigInt(median));
    }
  });

  it("on the scores that a round pays by", async () => {
    for (const one of vectorCases<{ medians: number[]; trailing: number[]; scores: number[] }>(
      "scores.json",
      "rounds",
    )) {
      const medians = one.medians.map((median) => (median < 0 ? NONE : BigInt(median)));
      expect([...(await call<bigint[]>("roundScores", medians, one.trailing))]).to.deep.equal(bigints(one.scores));
    }
  });

  it("on trailing scores", async () => {
    for (const one of vectorCases<{ trailing: number; median: number; next: number }>("scores.json", "trailing")) {
      expect(await call("nextTrailing", one.trailing, one.median)).to.equal(BigInt(one.next));
    }
  });

  it("on splitting pay to the wei", async () => {
    for (const one of vectorCases<{ amount: string; scores: number[]; parts: string[] }>("scores.json", "splits")) {
      expect([...(await call<bigint[]>("splitByScore", one.amount, one.scores))].map(String)).to.deep.equal(one.parts);
    }
  });

  it("on quorums and on counting bits", async () => {
    for (const [judges, quorum] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 3],
      [5, 4],
      [6, 4],
      [7, 5],
      [32, 22],
    ] as const) {
      expect(await call("quorumOf", judges)).to.equal(BigInt(quorum));
    }
    for (const [mask, count] of [
      [0n, 0],
      [1n, 1],
      [1n << 63n, 1],
      [0xb00b5n, 8],
      [2n ** 64n - 1n, 64],
      [2n ** 64n - 3n, 63],
    ] as const) {
      expect(await call("popCount", mask)).to.equal(BigInt(count));
    }
  });
});

interface SignedCase {
  readonly chainId: number;
  readonly job: Address;
  readonly message: Readonly<Record<string, string | number>> & { readonly type: string };
  readonly signer: Address;
  readonly digest: Hex;
  readonly signature: Hex;
}

describe("what operators sign", () => {
  let harness: Contract;
  const cases = vectorCases<SignedCase>("encoding.json", "signatures");

  before(async () => {
    const { ethers } = await network.create();
    harness = await ethers.deployContract("LibraryHarness");
  });

  it("has the digests of EIP-712 as node/core signs them", async () => {
    let checked = 0;
    for (const { chainId, job, message, digest } of cases) {
      const domain = TypedDataEncoder.hashDomain({ name: "Paceline", version: "1", chainId, verifyingContract: job });
      const { round, seed } = message;
      const args: Record<string, readonly unknown[]> = {
        Commit: ["commitDigest", domain, round, seed, message["commitment"]],
        Bitmap: ["bitmapDigest", domain, round, seed, message["seat"], message["bits"]],
        Attestation: [
          "attestationDigest",
          domain,
          round,
          seed,
          message["slot"],
          message["includeHash"],
          message["aggregateRoot"],
        ],
        ScoreCommit: ["scoreCommitDigest", domain, round, seed, message["includeHash"], message["commitment"]],
      };
      const call = args[message.type];
      if (call === undefined) continue; // checked by peers only
      expect(await read(harness, ...(call as [string]))).to.equal(digest);
      checked++;
    }
    expect(checked).to.be.greaterThan(20);
  });

  it("is believed from its signer only, and never in a malleable form", async () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    for (const { digest, signature, signer, job } of cases) {
      const { r, vs } = compactSignature(signature);
      expect(await read(harness, "isSignedBy", digest, r, vs, signer)).to.equal(true);
      expect(await read(harness, "isSignedBy", digest, r, vs, job)).to.equal(false);
      expect(toAddress(await read(harness, "signerOf", digest, r, vs))).to.equal(signer);
      // In this form the highest bit is the parity, so there is no room for the other s: it is a signature of somebody else.
      const upper = order - BigInt(`0x${signature.slice(66, 130)}`);
      const flipped = `0x${upper.toString(16).padStart(64, "0")}`;
      expect(await read(harness, "isSignedBy", digest, r, flipped, signer)).to.equal(false);
      expect(await read(harness, "isSignedBy", digest, vs, r, signer)).to.equal(false);
    }
  });

  it("is nobody's where it is zero", async () => {
    const nobody = `0x${"00".repeat(20)}`;
    expect(await read(harness, "signerOf", cases[0]!.digest, ZERO_WORD, ZERO_WORD)).to.equal(nobody);
    expect(await read(harness, "isSignedBy", cases[0]!.digest, ZERO_WORD, ZERO_WORD, nobody)).to.equal(false);
  });
});
