import { describe, it } from "mocha";
import { expect } from "chai";
import { encodeAbiParameters, keccak256, parseAbiParameters } from "viem";
import { fromHex, type Address, type Hex } from "../../node/core/bytes.ts";
import * as encoding from "../../node/core/encoding.ts";
import { vectorCases } from "../helpers/vectors.ts";

interface HashCase {
  chainId: number;
  job: Address;
  round: number;
  seed: Hex;
  salt: Hex;
  scorer: number;
  included: encoding.IncludedUpdate[];
  includeHash: Hex;
  modelId: Hex;
  aggregateRoot: Hex;
  commitment: Hex;
  vector: Hex;
  scoreCommitment: Hex;
  nextModelId: Hex;
  poster: number;
  attesters: number[];
  roundRecord: Hex;
}

const abiHash = (types: string, values: readonly unknown[]): Hex =>
  keccak256(encodeAbiParameters(parseAbiParameters(types), values as never));
const INCLUDED = parseAbiParameters("(bytes32 updateRoot, uint16 memberId, uint32 exampleCount)[] updates");
const RECORD = parseAbiParameters(
  "(bytes32 seed, bytes32 includeHash, bytes32 aggregateRoot, uint16 poster, uint16[] attesters) record",
);
const includedHash = (updates: readonly encoding.IncludedUpdate[]): Hex =>
  keccak256(encodeAbiParameters(INCLUDED, [updates]));

const [A, B, C]: [Hex, Hex, Hex] = [`0x${"a1".repeat(32)}`, `0x${"b2".repeat(32)}`, `0x${"c3".repeat(32)}`];
const [JOB, OTHER_JOB]: [Address, Address] = [`0x${"d4".repeat(20)}`, `0x${"e5".repeat(20)}`];
const DOMAIN = { chainId: 31337, job: JOB };

/** `base` with each of its fields changed in turn. */
function variations<T extends object>(base: T, changed: T): T[] {
  return Object.keys(base).map((key) => ({ ...base, [key]: changed[key as keyof T] }));
}

describe("commitmentHash", () => {
  const parts = { round: 3, memberId: 17, updateRoot: A, exampleCount: 600, salt: B };

  it("binds the chain, the job, the round, the member and everything in the opening", () => {
    const others = variations(parts, { round: 4, memberId: 18, updateRoot: B, exampleCount: 601, salt: A }).map((one) =>
      encoding.commitmentHash(DOMAIN, one),
    );
    const elsewhere = variations(DOMAIN, { chainId: 1, job: OTHER_JOB }).map((domain) =>
      encoding.commitmentHash(domain, parts),
    );
    expect(new Set([encoding.commitmentHash(DOMAIN, parts), ...others, ...elsewhere]).size).to.equal(8);
  });

  it("does not depend on how the job's address is written", () => {
    const upper: Address = `0x${JOB.slice(2).toUpperCase()}`;
    expect(encoding.commitmentHash({ ...DOMAIN, job: upper }, parts)).to.equal(encoding.commitmentHash(DOMAIN, parts));
  });

  it("is not what stands for a pass", () => {
    expect(encoding.PASS).to.equal(`0x${"00".repeat(31)}01`);
    expect(encoding.commitmentHash(DOMAIN, parts)).to.not.equal(encoding.PASS);
  });
});

describe("includeHash", () => {
  const updates = [
    { updateRoot: A, memberId: 2, exampleCount: 5 },
    { updateRoot: B, memberId: 65_535, exampleCount: 7 },
  ];

  it("is the hash of the ABI-encoded array, an empty one too", () => {
    for (const list of [[], updates.slice(0, 1), updates])
      expect(encoding.includeHash(list)).to.equal(includedHash(list));
  });

  it("depends on the order", () => {
    expect(encoding.includeHash([...updates].reverse())).to.not.equal(encoding.includeHash(updates));
  });
});

describe("scoreCommitmentHash", () => {
  const parts = {
    round: 3,
    seed: A,
    scorer: 17,
    includeHash: B,
    vector: Uint8Array.of(0x27, 0x10, 0, 0),
    salt: C,
  };

  it("binds every part, and an abstention differs from zeros", () => {
    const others = variations(parts, {
      round: 4,
      seed: B,
      scorer: 18,
      includeHash: C,
      vector: new Uint8Array(0),
      salt: A,
    });
    const zeros = { ...parts, vector: new Uint8Array(4) };
    const elsewhere = variations(DOMAIN, { chainId: 1, job: OTHER_JOB }).map((domain) =>
      encoding.scoreCommitmentHash(domain, parts),
    );
    const hashes = [parts, zeros, ...others].map((one) => encoding.scoreCommitmentHash(DOMAIN, one));
    expect(new Set([...hashes, ...elsewhere]).size).to.equal(10);
  });
});

describe("test/vectors/encoding.json, hashes", () => {
  it("are keccak256(abi.encode(...)) by viem's encoder, and by ours", () => {
    for (const one of vectorCases<HashCase>("encoding.json", "hashes")) {
      const { chainId, job, round, seed, salt, scorer, included, includeHash, modelId, aggregateRoot } = one;
      const { poster, attesters } = one;
      const { updateRoot, memberId, exampleCount } = included[0] as encoding.IncludedUpdate;
      const id = BigInt(chainId);
      expect(includeHash).to.equal(includedHash(included));
      expect(one.commitment).to.equal(
        abiHash("uint256,address,uint32,uint16,bytes32,uint32,bytes32", [
          id,
          job,
          round,
          memberId,
          updateRoot,
          exampleCount,
          salt,
        ]),
      );
      expect(one.scoreCommitment).to.equal(
        abiHash("uint256,address,uint32,bytes32,uint16,bytes32,bytes32,bytes32", [
          id,
          job,
          round,
          seed,
          scorer,
          includeHash,
          keccak256(one.vector),
          salt,
        ]),
      );
      expect(one.nextModelId).to.equal(abiHash("bytes32,bytes32", [modelId, aggregateRoot]));
      expect(one.roundRecord).to.equal(
        keccak256(encodeAbiParameters(RECORD, [{ seed, includeHash, aggregateRoot, poster, attesters }])),
      );

      const domain = { chainId, job };
      expect(encoding.includeHash(included)).to.equal(includeHash);
      expect(encoding.commitmentHash(domain, { round, memberId, updateRoot, exampleCount, salt })).to.equal(
        one.commitment,
      );
      expect(
        encoding.scoreCommitmentHash(domain, { round, seed, scorer, includeHash, vector: fromHex(one.vector), salt }),
      ).to.equal(one.scoreCommitment);
      expect(encoding.nextModelId(modelId, aggregateRoot)).to.equal(one.nextModelId);
      expect(encoding.roundRecordHash({ seed, includeHash, aggregateRoot, poster, attesters })).to.equal(
        one.roundRecord,
      );
    }
  });
});
