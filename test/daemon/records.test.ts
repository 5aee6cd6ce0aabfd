import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import {
  judgedRounds,
  keepJudged,
  promisedScores,
  promisedUpdate,
  promisedUpdates,
  promiseScores,
  promiseUpdate,
} from "../../node/daemon/home/roundRecords.ts";
import { createSigner } from "../../node/daemon/participant/signing.ts";
import { keptModels } from "../../node/daemon/model/keptModels.ts";
import type { OwnUpdate } from "../../node/protocol/state.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { SEEDED } from "../helpers/seeded.ts";

const DOMAIN = { chainId: 31337, job: `0x${"11".repeat(20)}` } as const;
const KEY = new Uint8Array(32).fill(7);
const SEED = keccakWords(1);
const UPDATE: OwnUpdate = {
  updateRoot: keccakWords(2),
  exampleCount: 40,
  salt: keccakWords(3),
  commitment: keccakWords(4),
};

type Reader = readonly [what: string, kind: string, key: string, read: (storage: Storage) => unknown];
const READERS: readonly Reader[] = [
  ["an update that was promised", "update", "3", (storage) => promisedUpdate(storage, 3)],
  ["the updates of kept rounds", "update", "3", (storage) => promisedUpdates(storage, 3)],
  ["scores", "scores", "3", (storage) => promisedScores(storage, 3, SEED)],
  ["what was made of a round", "judged", "3", judgedRounds],
  ["the kept models", "model", "kept", keptModels],
  ["the first round to sign in", "signing", "firstRound", (storage) => signerOn(storage).sign(commit(3))],
  [
    "what was signed",
    "signed",
    `0000000003/${SEED}/Commit/`,
    (storage) => {
      const signer = signerOn(storage);
      return [signer.hasSignedIn(3), signer.signedIn(3, SEED), signer.sign(commit(3))];
    },
  ],
];

const signerOn = (storage: Storage): ReturnType<typeof createSigner> => createSigner(DOMAIN, KEY, storage);
const commit = (round: number, commitment: Hex = keccakWords(9)) =>
  ({ type: "Commit", round, seed: SEED, commitment }) as const;

describe("records of a home", () => {
  it("come back as what was written", () => {
    const storage = createMemoryStorage();
    const scores = {
      includeHash: keccakWords(5),
      vector: "0x00ff",
      salt: keccakWords(6),
      commitment: keccakWords(7),
    } as const;
    const judged = { round: 3, modelId: SEED, updates: [{ updateRoot: SEED, memberId: 2, exampleCount: 9 }] };
    promiseUpdate(storage, 3, UPDATE);
    promiseScores(storage, 3, { seed: SEED, scores });
    keepJudged(storage, { ...judged, aggregateRoot: undefined });
    expect(promisedUpdate(storage, 3)).to.deep.equal(UPDATE);
    expect(promisedUpdates(storage, 4)).to.deep.equal([]);
    expect(promisedScores(storage, 3, SEED)).to.deep.equal([scores]);
    expect(promisedScores(storage, 3, keccakWords(8))).to.deep.equal([]);
    expect(judgedRounds(storage)).to.deep.equal([{ ...judged, aggregateRoot: undefined }]);
    const bitmap = { type: "Bitmap", round: 3, seed: SEED, seat: 1, bits: 2n ** 200n } as const;
    const signed = signerOn(storage).sign(bitmap);
    expect(signerOn(storage).signedIn(3, SEED)).to.deep.equal([signed]);
    expect(signed.body).to.deep.equal(bitmap);
  });

  for (const [what, kind, key, read] of READERS) {
    it(`are not guessed where they are damaged: ${what}`, () => {
      fc.assert(
        fc.property(
          fc.oneof(fc.jsonValue(), fc.constantFrom({}, [{}], "0x", -1, 2 ** 40, { ...UPDATE, salt: 3 })),
          (damaged) => {
            const storage = createMemoryStorage();
            try {
              storage.put(kind, key, damaged);
            } catch {
              return; // not JSON: -0
            }
            let failure: unknown;
            let result: unknown;
            try {
              result = read(storage);
            } catch (error) {
              failure = error;
            }
            // A list may be empty, and the first round any number; everything else is refused by name.
            if (failure === undefined) return void expect(isHarmless(damaged), JSON.stringify(result)).to.equal(true);
            expect(failure).to.be.instanceOf(PacelineError);
            expect(failure).to.include({ code: "storage-failed" });
            expect((failure as PacelineError).facts).to.deep.equal({ kind, key });
          },
        ),
        { ...SEEDED, numRuns: 200 },
      );
    });
  }
});

function isHarmless(damaged: unknown): boolean {
  return (Array.isArray(damaged) && damaged.length === 0) || (Number.isInteger(damaged) && (damaged as number) >= 0);
}
