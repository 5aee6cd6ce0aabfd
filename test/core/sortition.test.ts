import { describe, it } from "mocha";
import { expect } from "chai";
import { encodeAbiParameters, keccak256, parseAbiParameters, toBytes } from "viem";
import { ZERO_WORD, type Address, type Hex } from "../../node/core/bytes.ts";
import { COHORT_TAG, COMMITTEE_TAG, entropyShare, firstSeed, nextSeed, saltShare } from "../../node/core/sortition.ts";
import { vectorCases } from "../helpers/vectors.ts";

const abiHash = (types: string, values: readonly unknown[]): Hex =>
  keccak256(encodeAbiParameters(parseAbiParameters(types), values as never));

describe("seeds", () => {
  const job: Address = `0x${"a1".repeat(20)}`;
  const otherJob: Address = `0x${"b2".repeat(20)}`;

  it("use the tags that Solidity computes from the same words", () => {
    expect(COHORT_TAG).to.equal(keccak256(toBytes("cohort")));
    expect(COMMITTEE_TAG).to.equal(keccak256(toBytes("committee")));
  });

  it("start from the chain, the job and its genesis", () => {
    const seed = firstSeed(31337, job, COHORT_TAG);
    expect(seed).to.equal(abiHash("uint256,address,bytes32", [31337n, job, COHORT_TAG]));
    expect(firstSeed(31338, job, COHORT_TAG)).to.not.equal(seed);
    expect(firstSeed(31337, otherJob, COHORT_TAG)).to.not.equal(seed);
    expect(firstSeed(31337, job, COMMITTEE_TAG)).to.not.equal(seed);
  });

  it("bind a salt to the member that opened it", () => {
    expect(saltShare(17, COHORT_TAG)).to.equal(BigInt(abiHash("uint16,bytes32", [17, COHORT_TAG])));
    expect(saltShare(18, COHORT_TAG)).to.not.equal(saltShare(17, COHORT_TAG));
  });

  it("take in a block by its hash", () => {
    expect(entropyShare(COHORT_TAG)).to.equal(BigInt(abiHash("bytes32", [COHORT_TAG])));
    expect(entropyShare(ZERO_WORD)).to.not.equal(entropyShare(COHORT_TAG));
  });

  it("change with the last seed and with the sum, and have a value where it is zero", () => {
    expect(nextSeed(COHORT_TAG, 5n)).to.equal(abiHash("bytes32,uint256", [COHORT_TAG, 5n]));
    const seeds = [nextSeed(COMMITTEE_TAG, 5n), nextSeed(COHORT_TAG, 6n), nextSeed(COHORT_TAG, 0n)];
    expect(new Set([nextSeed(COHORT_TAG, 5n), ...seeds]).size).to.equal(4);
  });

  it("refuse a salt sum that was not reduced", () => {
    expect(() => nextSeed(COHORT_TAG, 2n ** 256n))
      .to.throw()
      .with.property("code", "bad-argument");
  });
});

describe("test/vectors/sortition.json", () => {
  interface SeedCase {
    chainId: number;
    job: Address;
    genesisHash: Hex;
    seed: Hex;
    openings: { memberId: number; salt: Hex }[];
    saltSum: string;
    entropy: Hex;
    next: Hex;
  }

  it("chains seeds as Solidity encodes them", () => {
    for (const one of vectorCases<SeedCase>("sortition.json", "seeds")) {
      expect(one.seed).to.equal(abiHash("uint256,address,bytes32", [BigInt(one.chainId), one.job, one.genesisHash]));
      const shares = one.openings.map(({ memberId, salt }) => BigInt(abiHash("uint16,bytes32", [memberId, salt])));
      const saltSum = shares.reduce((sum, share) => BigInt.asUintN(256, sum + share), 0n);
      expect(one.saltSum).to.equal(`${saltSum}`);
      const sum = BigInt.asUintN(256, saltSum + BigInt(abiHash("bytes32", [one.entropy])));
      expect(one.next).to.equal(abiHash("bytes32,uint256", [one.seed, sum]));
    }
  });
});
