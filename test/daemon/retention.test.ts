import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD, type Hex } from "../../node/core/bytes.ts";
import { keepJudged, promiseScores, promiseUpdate } from "../../node/daemon/home/roundRecords.ts";
import { ServedStore } from "../../node/daemon/participant/blobStore.ts";
import type { KeptModel } from "../../node/daemon/model/keptModels.ts";
import { collect, LEAST_KEPT_ROUNDS } from "../../node/daemon/model/retention.ts";
import type { Judged } from "../../node/protocol/state.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { SEEDED } from "../helpers/seeded.ts";

const KINDS = ["update", "other", "aggregate", "unknown", "checkpoint", "kept"] as const;
type Kind = (typeof KINDS)[number];
const rootOf = (kind: Kind, round: number): Hex => keccakWords(KINDS.indexOf(kind), round);
const judgedIn = (round: number): Judged => ({ round, modelId: ZERO_WORD, updates: [], aggregateRoot: ZERO_WORD });

function certified({ length, ...model }: KeptModel, round: number): KeptModel {
  return { length, ...model, certificate: { ...model, round, seed: ZERO_WORD, signatures: [`0x${"11".repeat(65)}`] } };
}
const NOBODY = (): boolean => false;

/** A disk after `rounds` rounds, with a checkpoint that a quorum vouches for after round `attested`. */
async function disk(rounds: number, attested: number | undefined): Promise<Storage> {
  const storage = createMemoryStorage();
  for (let round = 1; round <= rounds; round++) {
    for (const kind of KINDS) await storage.putBlob(rootOf(kind, round), new Uint8Array(8), { kind, round });
    const words = { salt: ZERO_WORD, commitment: ZERO_WORD };
    promiseUpdate(storage, round, { updateRoot: rootOf("update", round), exampleCount: 1, ...words });
    promiseScores(storage, round, { seed: ZERO_WORD, scores: { includeHash: ZERO_WORD, vector: "0x", ...words } });
    keepJudged(storage, judgedIn(round));
  }
  const keptAt = (updates: number): KeptModel => {
    return { modelId: ZERO_WORD, updates, checkpointRoot: rootOf("checkpoint", updates), length: 1 };
  };
  const kept = [rounds, rounds - 1].map(keptAt);
  storage.put("model", "kept", attested === undefined ? kept : [...kept, certified(keptAt(attested), attested)]);
  return storage;
}

const roundsOf = (storage: Storage, kind: Kind): readonly number[] =>
  storage
    .blobs()
    .filter((entry) => entry.kind === kind)
    .map(({ round }) => round)
    .sort((left, right) => left - right);

describe("what a participant keeps on the disk", () => {
  it("is its own of the last rounds, others' of this one, aggregates since the attested checkpoint", async () => {
    const storage = await disk(20, 16);
    await collect(storage, { round: 20, keptRounds: 3, disputed: [], isServed: NOBODY });
    expect(roundsOf(storage, "update")).to.deep.equal([17, 18, 19, 20]);
    expect(roundsOf(storage, "unknown")).to.deep.equal([17, 18, 19, 20]);
    expect(roundsOf(storage, "other")).to.deep.equal([20]);
    expect(roundsOf(storage, "aggregate")).to.deep.equal([16, 17, 18, 19, 20]);
    expect(roundsOf(storage, "checkpoint")).to.deep.equal([16, 17, 18, 19, 20]);
    expect(roundsOf(storage, "kept")).to.have.length(20);
    for (const kind of ["update", "scores", "judged"])
      expect(storage.entries(kind).map(([key]) => Number(key))).to.have.members([17, 18, 19, 20]);
  });

  it("has every aggregate as long as no checkpoint is attested", async () => {
    const storage = await disk(20, undefined);
    await collect(storage, { round: 20, keptRounds: 3, disputed: [], isServed: NOBODY });
    expect(roundsOf(storage, "aggregate")).to.have.length(20);
  });

  it("is everything where all rounds are kept", async () => {
    const storage = await disk(20, 16);
    const before = storage.blobs();
    await collect(storage, { round: 20, keptRounds: Infinity, disputed: [], isServed: NOBODY });
    expect(storage.blobs()).to.deep.equal(before);
    expect(storage.entries("judged")).to.have.length(20);
  });

  it("is what is disputed or being served as well, until that is over", async () => {
    const storage = await disk(20, 16);
    const served = [rootOf("update", 2), rootOf("update", 9)];
    const isServed = (root: Hex): boolean => served.includes(root);
    await collect(storage, { round: 20, keptRounds: 3, disputed: [12], isServed });
    // Round 2 is over for so long that nobody can need it any more who asks for it again and again.
    expect(roundsOf(storage, "update")).to.deep.equal([9, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(roundsOf(storage, "other")).to.deep.equal([12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(roundsOf(storage, "aggregate")[0]).to.equal(12);
    expect(storage.get("judged", "12")).to.deep.equal(judgedIn(12));
    await collect(storage, { round: 20, keptRounds: 3, disputed: [], isServed: NOBODY });
    expect(roundsOf(storage, "update")).to.deep.equal([17, 18, 19, 20]);
  });

  it("is the newest own promises, whatever round an endpoint says that it is", async () => {
    const storage = await disk(20, 16);
    await collect(storage, { round: 4_000_000_000, keptRounds: 3, disputed: [], isServed: NOBODY });
    expect(roundsOf(storage, "update")).to.deep.equal([18, 19, 20]);
    for (const kind of ["update", "scores", "judged"])
      expect(storage.entries(kind).map(([key]) => Number(key))).to.have.members([18, 19, 20]);
  });

  it("does not grow where a member judges round after round, and has not trained for long", async () => {
    const storage = await disk(20, 16);
    for (let round = 8; round <= 20; round++) storage.delete("update", String(round));
    await collect(storage, { round: 20, keptRounds: 3, disputed: [], isServed: NOBODY });
    for (const kind of ["scores", "judged"])
      expect(storage.entries(kind).map(([key]) => Number(key))).to.have.members([17, 18, 19, 20]);
    expect(storage.entries("update").map(([key]) => Number(key))).to.have.members([5, 6, 7]);
  });

  it("never lacks what it may be asked for, and does not grow with the rounds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 9, max: 40 }),
        fc.integer({ min: 0, max: 6 }),
        fc.option(fc.nat(5), { nil: undefined }),
        async (rounds, keptRounds, disputedAgo) => {
          const attested = rounds - (rounds % 8);
          const storage = await disk(rounds, attested);
          const disputed = disputedAgo === undefined ? [] : [Math.max(1, rounds - disputedAgo)];
          await collect(storage, { round: rounds, keptRounds, disputed, isServed: NOBODY });
          const oldest = Math.min(rounds, ...disputed, rounds - Math.max(LEAST_KEPT_ROUNDS, keptRounds));
          for (let round = Math.max(1, oldest); round <= rounds; round++) {
            expect(storage.blob(rootOf("update", round))?.whole).to.equal(true);
            expect(storage.blob(rootOf("aggregate", round))?.whole).to.equal(true);
            expect(storage.get("judged", String(round))).to.deep.equal(judgedIn(round));
          }
          for (let round = attested + 1; round <= rounds; round++)
            expect(storage.blob(rootOf("aggregate", round))?.whole).to.equal(true);
          const bounded = storage.blobs().filter(({ kind }) => kind !== "kept");
          expect(bounded.length).to.be.at.most(5 * (9 + 8));
        },
      ),
      { ...SEEDED, numRuns: 40 },
    );
  });

  it("is served by chunks, and counts as being served for a minute; what is hidden or still arriving is not there", async () => {
    let now = 100;
    const storage = createMemoryStorage();
    const [held, hidden, arriving] = [rootOf("update", 1), rootOf("update", 2), rootOf("update", 3)];
    for (const root of [held, hidden]) await storage.putBlob(root, Uint8Array.of(5, 6));
    const store = new ServedStore({ storage, now: () => now, round: () => 7, isHidden: (root) => root === hidden });
    await (await store.openPartial(arriving, 9)).close();
    expect([held, hidden, arriving].map((root) => store.bytesOf(root))).to.deep.equal([2, undefined, undefined]);
    expect(storage.blob(arriving)).to.include({ kind: "other", round: 7 });
    expect(store.isServed(held)).to.equal(false);
    expect(await store.readChunk(held, 4_000_000_000)).to.equal(undefined);
    expect(store.isServed(held), "after a chunk was asked for that there is not").to.equal(false);
    expect([...((await store.readChunk(held, 0)) ?? [])]).to.deep.equal([5, 6]);
    now = 159;
    expect(store.isServed(held)).to.equal(true);
    now = 160;
    expect(store.isServed(held)).to.equal(false);
  });
});
