import { describe, it } from "mocha";
import { expect } from "chai";
import { hashTypedData, recoverAddress } from "viem";
import { fromHex, toHex, type Address, type Hex } from "../../node/core/bytes.ts";
import { recoverSigner } from "../../node/core/signature.ts";
import { registrationDigest, structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { vectorCases } from "../helpers/vectors.ts";

const field = (declaration: string): { type: string; name: string } => {
  const [type, name] = declaration.split(" ") as [string, string];
  return { type, name };
};
const fields = (list: string): { type: string; name: string }[] => list.split(",").map(field);

/** The structs as an independent implementation of EIP-712 takes them. */
const TYPES: Record<SignedStruct["type"], { type: string; name: string }[]> = {
  Commit: fields("uint32 round,bytes32 seed,bytes32 commitment"),
  Opening: fields("uint32 round,bytes32 seed,uint8 position,bytes32 updateRoot,uint32 exampleCount,bytes32 salt"),
  Bitmap: fields("uint32 round,bytes32 seed,uint8 seat,uint256 bits"),
  Attestation: fields("uint32 round,bytes32 seed,uint8 slot,bytes32 includeHash,bytes32 aggregateRoot"),
  ScoreCommit: fields("uint32 round,bytes32 seed,bytes32 includeHash,bytes32 commitment"),
  ScoreOpening: fields("uint32 round,bytes32 seed,uint8 seat,bytes vector,bytes32 salt"),
  Checkpoint: fields("uint32 round,bytes32 seed,bytes32 modelId,uint32 updates,bytes32 checkpointRoot"),
};
/** What no contract reads, and which the vectors for both languages therefore lack. */
const OFF_CHAIN: ReadonlySet<string> = new Set(["Checkpoint"]);

function viemDigest(chainId: number, job: Address, { type, ...message }: SignedStruct): Hex {
  const domain = { name: "Paceline", version: "1", chainId, verifyingContract: job };
  return hashTypedData({ domain, types: { [type]: TYPES[type] }, primaryType: type, message });
}

const [A, B]: [Hex, Hex] = [`0x${"a1".repeat(32)}`, `0x${"b2".repeat(32)}`];
const [JOB, OTHER]: [Address, Address] = [`0x${"d4".repeat(20)}`, `0x${"e5".repeat(20)}`];

const MESSAGES: SignedStruct[] = [
  { type: "Commit", round: 3, seed: A, commitment: B },
  { type: "Opening", round: 3, seed: A, position: 255, updateRoot: B, exampleCount: 2 ** 32 - 1, salt: A },
  { type: "Bitmap", round: 3, seed: A, seat: 1, bits: 2n ** 256n - 1n },
  { type: "Attestation", round: 3, seed: A, slot: 0, includeHash: B, aggregateRoot: A },
  { type: "ScoreCommit", round: 2 ** 32 - 1, seed: A, includeHash: B, commitment: A },
  { type: "ScoreOpening", round: 0, seed: A, seat: 2, vector: "0x", salt: B },
  { type: "ScoreOpening", round: 0, seed: A, seat: 2, vector: "0x27100000", salt: B },
  { type: "Checkpoint", round: 24, seed: A, modelId: B, updates: 2 ** 32 - 1, checkpointRoot: A },
];

describe("structDigest", () => {
  for (const message of MESSAGES) {
    it(`is viem's EIP-712 digest of ${message.type}`, () => {
      expect(toHex(structDigest({ chainId: 31337, job: JOB }, message))).to.equal(viemDigest(31337, JOB, message));
    });
  }

  it("holds in one job on one chain only", () => {
    const digests = [
      [31337, JOB],
      [1, JOB],
      [31337, OTHER],
    ] as const;
    const seen = digests.flatMap(([chainId, job]) =>
      MESSAGES.map((message) => toHex(structDigest({ chainId, job }, message))),
    );
    expect(new Set(seen).size).to.equal(3 * MESSAGES.length);
  });

  it("stays right after more jobs than it remembers", () => {
    for (let chainId = 1; chainId <= 150; chainId++) {
      const message = MESSAGES[chainId % MESSAGES.length] as SignedStruct;
      expect(toHex(structDigest({ chainId, job: JOB }, message))).to.equal(viemDigest(chainId, JOB, message));
    }
    const first = MESSAGES[0] as SignedStruct;
    expect(toHex(structDigest({ chainId: 1, job: JOB }, first))).to.equal(viemDigest(1, JOB, first));
  });
});

describe("test/vectors/encoding.json, signatures", () => {
  interface SignatureCase {
    chainId: number;
    job: Address;
    message: Record<string, unknown>;
    signer: Address;
    digest: Hex;
    signature: Hex;
  }
  interface RegistrationCase {
    chainId: number;
    registry: Address;
    wallet: Address;
    operator: Address;
    nonce: string;
    digest: Hex;
    signature: Hex;
  }

  async function expectSigned(digest: Hex, signature: Hex, signer: Address): Promise<void> {
    expect(recoverSigner(fromHex(digest), signature)).to.equal(signer);
    expect((await recoverAddress({ hash: digest, signature })).toLowerCase()).to.equal(signer);
  }

  it("have viem's digests and signers, for every kind of struct", async () => {
    const cases = vectorCases<SignatureCase>("encoding.json", "signatures");
    for (const { chainId, job, message, signer, digest, signature } of cases) {
      const bits = typeof message["bits"] === "string" ? { bits: BigInt(message["bits"]) } : {};
      const struct = { ...message, ...bits } as SignedStruct;
      expect(viemDigest(chainId, job, struct)).to.equal(digest);
      expect(toHex(structDigest({ chainId, job }, struct))).to.equal(digest);
      await expectSigned(digest, signature, signer);
    }
    expect(new Set(cases.map(({ message }) => message["type"]))).to.deep.equal(
      new Set(Object.keys(TYPES).filter((type) => !OFF_CHAIN.has(type))),
    );
  });

  it("have viem's digests and signers for registrations", async () => {
    for (const { chainId, registry, wallet, operator, nonce, digest, signature } of vectorCases<RegistrationCase>(
      "encoding.json",
      "registrations",
    )) {
      const message = { wallet, operator, nonce: BigInt(nonce) };
      const domain = { name: "Paceline Registry", version: "1", chainId, verifyingContract: registry };
      const types = { Registration: fields("address wallet,address operator,uint256 nonce") };
      expect(hashTypedData({ domain, types, primaryType: "Registration", message })).to.equal(digest);
      expect(toHex(registrationDigest({ chainId, registry }, message))).to.equal(digest);
      await expectSigned(digest, signature, operator);
    }
  });
});
