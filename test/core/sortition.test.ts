import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { encodeAbiParameters, keccak256, parseAbiParameters, toBytes } from "viem";
import { ZERO_WORD, keccakWords, toHex, type Address, type Hex } from "../../node/core/bytes.ts";
import { COHORT_TAG, COMMITTEE_TAG, draw, firstSeed, nextSeed, saltShare } from "../../node/core/sortition.ts";
import { chiSquare } from "../helpers/statistics.ts";
import { SEEDED } from "../helpers/seeded.ts";
import { vectorCases } from "../helpers/vectors.ts";

const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const abiHash = (types: string, values: readonly unknown[]): Hex =>
  keccak256(encodeAbiParameters(parseAbiParameters(types), values as never));

/** The whole shuffle, spelled out; the first places of it are the draw. */
function denseDraw(seed: Hex, tag: Hex, size: number, count: number): number[] {
  const places = Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const at = i + Number(BigInt(abiHash("bytes32,bytes32,uint256", [seed, tag, BigInt(i)])) % BigInt(size - i));
    [places[i], places[at]] = [places[at] as number, places[i] as number];
  }
  return places.slice(0, count);
}

function expectDistinct(drawn: readonly number[], size: number): void {
  expect(new Set(drawn).size).to.equal(drawn.length);
  for (const index of drawn) expect(index).to.be.within(0, size - 1);
}

describe("draw", () => {
  it("gives the first places of a Fisher-Yates shuffle, without repetition", () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 30 }), fc.nat(), (seed, size, pick) => {
        const count = pick % (size + 1);
        const drawn = draw(seed, COMMITTEE_TAG, size, count);
        expectDistinct(drawn, size);
        expect(drawn).to.deep.equal(denseDraw(seed, COMMITTEE_TAG, size, count));
      }),
      { ...SEEDED, numRuns: 100 },
    );
  });

  it("gives everybody, in an order, when as many are drawn as there are", () => {
    const drawn = draw(COHORT_TAG, COMMITTEE_TAG, 40, 40);
    expect([...drawn].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i));
    expect(draw(COHORT_TAG, COMMITTEE_TAG, 1, 1)).to.deep.equal([0]);
    expect(draw(COHORT_TAG, COMMITTEE_TAG, 0, 0)).to.deep.equal([]);
  });

  it("gives a longer draw the same beginning", () => {
    expect(draw(COHORT_TAG, COHORT_TAG, 50, 20).slice(0, 7)).to.deep.equal(draw(COHORT_TAG, COHORT_TAG, 50, 7));
  });

  it("differs by seed and by tag", () => {
    const base = draw(COHORT_TAG, COHORT_TAG, 1000, 10);
    expect(draw(COMMITTEE_TAG, COHORT_TAG, 1000, 10)).to.not.deep.equal(base);
    expect(draw(COHORT_TAG, COMMITTEE_TAG, 1000, 10)).to.not.deep.equal(base);
  });

  it("draws everyone equally often, in every place and in every set", () => {
    const DRAWS = 20_000;
    const byPlace = [0, 1, 2].map(() => new Array<number>(7).fill(0));
    const bySet = new Map<number, number>();
    for (let i = 0; i < DRAWS; i++) {
      const drawn = draw(keccakWords(i), COMMITTEE_TAG, 7, 3);
      drawn.forEach(
        (member, place) =>
          ((byPlace[place] as number[])[member] = ((byPlace[place] as number[])[member] as number) + 1),
      );
      const set = drawn.reduce((mask, member) => mask | (1 << member), 0);
      bySet.set(set, (bySet.get(set) ?? 0) + 1);
    }
    // Critical values at 0.1 %: 22.46 with 6 degrees of freedom, 65.25 with 34.
    for (const counts of byPlace) expect(chiSquare(counts, DRAWS / 7)).to.be.below(22.46);
    expect(bySet.size).to.equal(35);
    expect(chiSquare([...bySet.values()], DRAWS / 35)).to.be.below(65.25);
  }).timeout(20_000);

  it("refuses to draw more than there are, and sizes that the chain does not allow", () => {
    const wrong = [
      [3, 4],
      [3, -1],
      [65_536, 1],
      [3, 1.5],
      [3.5, 1],
      [NaN, NaN],
    ] as const;
    for (const [size, count] of wrong) {
      expect(() => draw(COHORT_TAG, COHORT_TAG, size, count))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

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

  it("change with the last seed, the salts and the block, and have a value without either", () => {
    const base = nextSeed(COHORT_TAG, 5n, COMMITTEE_TAG);
    const others = [
      nextSeed(COMMITTEE_TAG, 5n, COMMITTEE_TAG),
      nextSeed(COHORT_TAG, 6n, COMMITTEE_TAG),
      nextSeed(COHORT_TAG, 5n, ZERO_WORD),
      nextSeed(COHORT_TAG, 0n, ZERO_WORD),
    ];
    expect(new Set([base, ...others]).size).to.equal(5);
  });

  it("refuse a salt sum that was not reduced", () => {
    expect(() => nextSeed(COHORT_TAG, 2n ** 256n, ZERO_WORD))
      .to.throw()
      .with.property("code", "bad-argument");
  });
});

describe("test/vectors/sortition.json", () => {
  interface DrawCase {
    seed: Hex;
    tag: Hex;
    size: number;
    count: number;
    drawn: number[];
  }
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

  it("draws without repetition, as the whole shuffle does", () => {
    for (const { seed, tag, size, count, drawn } of vectorCases<DrawCase>("sortition.json", "draws")) {
      expect(drawn).to.have.length(count);
      expectDistinct(drawn, size);
      if (size <= 12) expect(drawn).to.deep.equal(denseDraw(seed, tag, size, count));
    }
  });

  it("chains seeds as Solidity encodes them", () => {
    for (const one of vectorCases<SeedCase>("sortition.json", "seeds")) {
      expect(one.seed).to.equal(abiHash("uint256,address,bytes32", [BigInt(one.chainId), one.job, one.genesisHash]));
      const shares = one.openings.map(({ memberId, salt }) => BigInt(abiHash("uint16,bytes32", [memberId, salt])));
      const saltSum = BigInt.asUintN(
        256,
        shares.reduce((sum, share) => sum + share, 0n),
      );
      expect(one.saltSum).to.equal(`${saltSum}`);
      expect(one.next).to.equal(abiHash("bytes32,uint256,bytes32", [one.seed, saltSum, one.entropy]));
    }
  });
});
