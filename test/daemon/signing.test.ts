import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { addressOfPrivateKey, recoverSigner } from "../../node/core/signature.ts";
import { structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { createSigner, type Signer } from "../../node/daemon/participant/signing.ts";
import type { PeerMessage } from "../../node/protocol/messages.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { codeOf } from "../helpers/errors.ts";

const DOMAIN = { chainId: 31_337, job: "0x00000000000000000000000000000000000000a1" } as const;
const KEY = keccakBytes(77);
const SEED = keccakWords(5);

function keccakBytes(n: number): Uint8Array {
  return Buffer.from(keccakWords(n).slice(2), "hex");
}

const attestation = (change: object = {}): SignedStruct => ({
  type: "Attestation",
  round: 40,
  seed: SEED,
  slot: 2,
  includeHash: keccakWords(8),
  aggregateRoot: keccakWords(9),
  ...change,
});
const bitmap = (bits: bigint): SignedStruct => ({ type: "Bitmap", round: 40, seed: SEED, seat: 3, bits });

describe("what an operator signs", () => {
  it("is its signature of the struct, the same one after a restart", () => {
    const storage = createMemoryStorage();
    const first = createSigner(DOMAIN, KEY, storage).sign(attestation());
    expect(recoverSigner(structDigest(DOMAIN, attestation()), first.signature)).to.equal(addressOfPrivateKey(KEY));
    const restarted = createSigner(DOMAIN, KEY, storage);
    expect(restarted.sign(attestation())).to.deep.equal(first);
    expect(restarted.signedIn(40, SEED)).to.deep.equal([first]);
  });

  it("never contradicts what was signed for the same slot, include set, seed and round", () => {
    const storage = createMemoryStorage();
    createSigner(DOMAIN, KEY, storage).sign(attestation());
    const signer = createSigner(DOMAIN, KEY, storage);
    expect(codeOf(() => signer.sign(attestation({ aggregateRoot: keccakWords(10) })))).to.equal("contradiction");
    // Other statements, about something else.
    for (const change of [{ slot: 3 }, { includeHash: keccakWords(11) }, { seed: keccakWords(6) }, { round: 41 }])
      signer.sign(attestation({ ...change, aggregateRoot: keccakWords(10) }));
  });

  it("says of bitmaps only more", () => {
    const storage = createMemoryStorage();
    const signer = createSigner(DOMAIN, KEY, storage);
    signer.sign(bitmap(0b0101n));
    const grown = signer.sign(bitmap(0b1101n | (1n << 200n)));
    for (const bits of [0b0101n, 0b1111n, 0n])
      expect(codeOf(() => signer.sign(bitmap(bits)))).to.equal("contradiction");
    expect(createSigner(DOMAIN, KEY, storage).signedIn(40, SEED)).to.deep.equal([grown]);
  });

  it("is nothing in rounds that were forgotten, also where they come back", () => {
    const storage = createMemoryStorage();
    const signer = createSigner(DOMAIN, KEY, storage, 1);
    // The tenth round sorts before the ninth, were they plain numbers.
    for (const round of [9, 10, 11]) signer.sign(attestation({ round }));
    signer.forgetBefore(10);
    signer.forgetBefore(3);
    expect([9, 10, 11].map((round) => signer.hasSignedIn(round))).to.deep.equal([false, true, true]);
    const restarted = createSigner(DOMAIN, KEY, storage);
    expect(codeOf(() => restarted.sign(attestation({ round: 9, aggregateRoot: SEED })))).to.equal("contradiction");
    restarted.sign(attestation({ round: 10 }));
  });

  it("is remembered of the newest rounds, whatever round an endpoint says that it is", () => {
    const storage = createMemoryStorage();
    const signer = createSigner(DOMAIN, KEY, storage);
    for (const round of [2, 5, 21]) signer.sign(attestation({ round }));
    signer.forgetBefore(4_000_000_000);
    expect([2, 5, 21].map((round) => signer.hasSignedIn(round))).to.deep.equal([false, true, true]);
    expect(codeOf(() => signer.sign(attestation({ round: 21, aggregateRoot: SEED })))).to.equal("contradiction");
    createSigner(DOMAIN, KEY, storage).sign(attestation({ round: 22 }));
  });

  it("is nothing in a round that is barred, until a restart", () => {
    const storage = createMemoryStorage();
    const signer = createSigner(DOMAIN, KEY, storage);
    signer.bar(7);
    expect(codeOf(() => signer.sign(attestation({ round: 7 })))).to.equal("contradiction");
    signer.sign(attestation({ round: 6 }));
    signer.sign(attestation({ round: 8 }));
    createSigner(DOMAIN, KEY, storage).sign(attestation({ round: 7 }));
  });

  it("is not given away where it cannot be written down", () => {
    const storage = createMemoryStorage();
    const full: Storage = {
      ...storage,
      put: () => {
        throw new Error("the disk is full");
      },
    };
    expect(() => createSigner(DOMAIN, KEY, full).sign(attestation())).to.throw("the disk is full");
    createSigner(DOMAIN, KEY, storage).sign(attestation({ aggregateRoot: keccakWords(12) }));
  });

  it("contradicts nothing that was given away, killed at any step and started again (property)", () => {
    fc.assert(
      fc.property(fc.array(COMMAND, { maxLength: 60 }), (commands) => {
        const life = new Lives();
        for (const command of commands) life.run(command);
        for (const [index, later] of life.given.entries()) {
          const clash = life.given.slice(0, index).find((earlier) => contradict(earlier.body, later.body));
          expect(clash, `${show(later.body)} after ${show(clash?.body)}`).to.equal(undefined);
        }
      }),
      { numRuns: 500, seed: 11 },
    );
  });
});

/** Few values, so that statements meet. */
const word = fc.constantFrom(...[1, 2].map((n) => keccakWords(n)));
const few = fc.integer({ min: 0, max: 1 });
const round = fc.integer({ min: 9, max: 11 });
const common = { round, seed: word };
const STRUCT: fc.Arbitrary<SignedStruct> = fc.oneof(
  fc.record({ type: fc.constant("Commit" as const), ...common, commitment: word }),
  fc.record({
    type: fc.constant("Opening" as const),
    ...common,
    position: few,
    updateRoot: word,
    exampleCount: fc.constant(7),
    salt: word,
  }),
  fc.record({ type: fc.constant("Bitmap" as const), ...common, seat: few, bits: fc.bigInt({ min: 0n, max: 7n }) }),
  fc.record({
    type: fc.constant("Attestation" as const),
    ...common,
    slot: few,
    includeHash: word,
    aggregateRoot: word,
  }),
  fc.record({ type: fc.constant("ScoreCommit" as const), ...common, includeHash: word, commitment: word }),
  fc.record({ type: fc.constant("ScoreOpening" as const), ...common, seat: few, vector: word, salt: word }),
);
type Death = "before" | "after" | "never";
type Command =
  { readonly sign: SignedStruct; readonly death: Death } | { readonly forgetBefore: number; readonly death: Death };
const DEATH = fc.constantFrom<Death>("never", "never", "before", "after");
const COMMAND: fc.Arbitrary<Command> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ sign: STRUCT, death: DEATH }) },
  { weight: 1, arbitrary: fc.record({ forgetBefore: fc.integer({ min: 9, max: 12 }), death: DEATH }) },
);

const KILLED = new Error("killed");

/** One operator through many kills. What a signer returned is in the world; what died in it may be on the disk. */
class Lives {
  readonly given: PeerMessage[] = [];
  readonly #disk = createMemoryStorage();
  readonly #tried: SignedStruct[] = [];
  #death: Death = "never";
  #horizon = 0;
  #signer = this.#start();

  run(command: Command): void {
    this.#death = command.death;
    try {
      if ("sign" in command) this.#sign(command.sign);
      else {
        this.#horizon = Math.max(this.#horizon, command.forgetBefore);
        this.#signer.forgetBefore(command.forgetBefore);
      }
    } catch (error) {
      if (error !== KILLED) throw error;
      this.#signer = this.#start();
    }
  }

  /** A refusal needs a reason: an earlier statement, given away or not, or a round that may have been forgotten. */
  #sign(body: SignedStruct): void {
    try {
      this.given.push(this.#signer.sign(body));
    } catch (error) {
      const excused = body.round < this.#horizon || this.#tried.some((earlier) => contradict(earlier, body));
      if (error === KILLED || !excused) throw error;
      expect((error as { code?: string }).code).to.equal("contradiction");
    } finally {
      this.#tried.push(body);
    }
  }

  #start(): Signer {
    const mortal = <T>(write: () => T): T => {
      if (this.#death === "before") throw KILLED;
      const result = write();
      if (this.#death === "after") throw KILLED;
      return result;
    };
    const disk = this.#disk;
    const dying: Storage = {
      ...disk,
      put: (kind, key, value) => mortal(() => disk.put(kind, key, value)),
      delete: (kind, key) => mortal(() => disk.delete(kind, key)),
      transaction: (work) => mortal(() => disk.transaction(work)),
    };
    return createSigner(DOMAIN, KEY, dying, 0);
  }
}

/** The rules once more, in another form. */
function contradict(earlier: SignedStruct, later: SignedStruct): boolean {
  if (earlier.round !== later.round || earlier.seed !== later.seed) return false;
  if (earlier.type === "Commit" && later.type === "Commit") return earlier.commitment !== later.commitment;
  if (earlier.type === "Opening" && later.type === "Opening")
    return earlier.position === later.position && show(earlier) !== show(later);
  if (earlier.type === "Bitmap" && later.type === "Bitmap")
    return earlier.seat === later.seat && (earlier.bits & ~later.bits) !== 0n;
  if (earlier.type === "Attestation" && later.type === "Attestation")
    return (
      earlier.slot === later.slot &&
      earlier.includeHash === later.includeHash &&
      earlier.aggregateRoot !== later.aggregateRoot
    );
  if (earlier.type === "ScoreCommit" && later.type === "ScoreCommit")
    return earlier.includeHash === later.includeHash && earlier.commitment !== later.commitment;
  if (earlier.type === "ScoreOpening" && later.type === "ScoreOpening")
    return earlier.seat === later.seat && earlier.salt === later.salt && earlier.vector !== later.vector;
  return false;
}

function show(body: SignedStruct | undefined): string {
  return JSON.stringify(body, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
