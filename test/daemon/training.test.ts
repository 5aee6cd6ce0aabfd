import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";
import { commitmentHash, includeHash } from "../../node/core/encoding.ts";
import type { ParticipantContext } from "../../node/daemon/participant/context.ts";
import { promisedScores } from "../../node/daemon/home/roundRecords.ts";
import { score } from "../../node/daemon/participant/effects/scoring.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { train } from "../../node/daemon/participant/effects/training.ts";
import { Stopwatch } from "../../node/daemon/time/stopwatch.ts";
import { UpdateCache } from "../../node/daemon/model/updateCache.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import type { OwnScores, OwnUpdate } from "../../node/protocol/state.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { rejectionOf } from "../helpers/errors.ts";

const DOMAIN = { chainId: 5, job: `0x${"0b".repeat(20)}` } as const;
const EFFECT = { type: "train", round: 3, memberId: 7, modelId: ZERO_WORD } as const;

/** A participant whose training gives `delta`. */
function participant(
  delta: readonly number[],
  passBelowNorm?: number,
): { context: ParticipantContext; events: PeerEvent[]; trainings: () => number } {
  const storage = createMemoryStorage();
  const events: PeerEvent[] = [];
  let trainings = 0;
  let salts = 0;
  const context = {
    storage,
    domain: DOMAIN,
    chain: { terms: { vectorLength: delta.length, weightCap: 40 } },
    spec: { encoding: { clipNorm: 10 }, localTraining: { passBelowNorm } },
    stopwatch: new Stopwatch(() => 0),
    updates: new UpdateCache(storage, delta.length),
    model: { modelId: ZERO_WORD, updates: 0, params: new Float32Array(delta.length), exponent: 8 },
    randomWord: () => keccakWords(++salts),
    learner: {
      exampleCount: 90,
      localUpdate: () => {
        trainings++;
        return Promise.resolve(Float32Array.from(delta));
      },
    },
    dispatch: (event: PeerEvent) => events.push(event),
  } as unknown as ParticipantContext;
  return { context, events, trainings: () => trainings };
}

describe("training", () => {
  it("commits to the update under the member's id, with no more examples than count", async () => {
    const { context, events } = participant([3, 4]);
    await train(context, EFFECT);
    const [event] = events as { type: "trained"; update: OwnUpdate }[];
    const { updateRoot, exampleCount, salt, commitment } = event!.update;
    expect(exampleCount).to.equal(40);
    const parts = { round: 3, memberId: 7, updateRoot, exampleCount, salt };
    expect(commitment).to.equal(commitmentHash(DOMAIN, parts));
    expect(await context.updates.read(updateRoot)).to.deep.equal(Int16Array.of(3 * 256, 4 * 256));
  });

  it("passes where the update is shorter than the job asks for, and keeps nothing", async () => {
    const short = participant([3, 4], 5.001);
    await train(short.context, EFFECT);
    expect(short.events).to.deep.equal([{ type: "passed", round: 3 }]);
    expect(short.context.storage.get("update", "3")).to.equal(undefined);
    const long = participant([3, 4], 5);
    await train(long.context, EFFECT);
    expect(long.events.map(({ type }) => type)).to.deep.equal(["trained"]);
  });

  it("passes, and says why, where the update is no number any more", async () => {
    const { context, events } = participant([1, Number.NaN]);
    expect(await rejectionOf(train(context, EFFECT))).to.equal("bad-argument");
    expect(events).to.deep.equal([{ type: "passed", round: 3 }]);
  });

  it("passes before it trains where the disk could not keep what it promises, and takes part again when there is room", async () => {
    const storage = createMemoryStorage(300);
    await storage.putBlob(ZERO_WORD, new Uint8Array(299));
    const { context, events, trainings } = participant([3, 4]);
    const full = { ...context, storage };
    expect(await rejectionOf(train(full, EFFECT))).to.equal("disk-full");
    expect(events).to.deep.equal([{ type: "passed", round: 3 }]);
    expect(trainings()).to.equal(0);
    expect(storage.entries("update")).to.deep.equal([]);
    await storage.deleteBlob(ZERO_WORD);
    await train(full, EFFECT);
    expect(events.map(({ type }) => type)).to.deep.equal(["passed", "trained"]);
  });

  it("passes where the engine says that training has diverged, and not where a file is missing", async () => {
    const failing = (code: "diverged" | "not-found"): ReturnType<typeof participant> => {
      const made = participant([3, 4]);
      const localUpdate = (): Promise<never> => Promise.reject(new PacelineError(code, "on purpose"));
      Object.assign(made.context, { learner: { ...made.context.learner, localUpdate } });
      return made;
    };
    const [diverged, missing] = [failing("diverged"), failing("not-found")];
    expect(await rejectionOf(train(diverged.context, EFFECT))).to.equal("diverged");
    expect(diverged.events).to.deep.equal([{ type: "passed", round: 3 }]);
    expect(await rejectionOf(train(missing.context, EFFECT))).to.equal("not-found");
    expect(missing.events).to.deep.equal([]);
  });

  it("is not done again for a round in which an update was promised", async () => {
    const { context, events, trainings } = participant([3, 4]);
    await train(context, EFFECT);
    await train(context, EFFECT);
    expect(trainings()).to.equal(1);
    expect(events[0]).to.deep.equal(events[1]);
  });
});

describe("scoring", () => {
  it("is done again when an update has left the include set, and not otherwise", async () => {
    const { context, events } = participant([1, 1]);
    const updates = [1, 2, 3].map((id) => ({ updateRoot: keccakWords(id), memberId: id, exampleCount: 10 }));
    for (const { updateRoot } of updates) await context.updates.keep(updateRoot, Int16Array.of(5, 5), 3);
    Object.assign(context, {
      chain: { terms: { vectorLength: 2, weightCap: 40, rule: 0, trimPermille: 0 } },
      learner: { contributions: (_: unknown, weighted: readonly unknown[]) => Promise.resolve(weighted.map(() => 1)) },
    });
    const effectOf = (set: typeof updates): Parameters<typeof score>[1] => ({
      type: "score",
      round: 3,
      seed: keccakWords(9),
      scorer: 7,
      includeHash: includeHash(set),
      updates: set,
      own: undefined,
    });
    await score(context, effectOf(updates));
    await score(context, effectOf(updates));
    await score(context, effectOf(updates.slice(1)));
    const scores = events.map((event) => (event as { scores: OwnScores }).scores);
    expect(scores[1]).to.deep.equal(scores[0]);
    expect(scores[2]!.includeHash).to.equal(includeHash(updates.slice(1)));
    expect(scores[2]!.vector.length).to.equal(2 + 4 * 2);
    expect(promisedScores(context.storage, 3, keccakWords(9))).to.deep.equal([scores[0], scores[2]]);
    // Another draw after a reorganisation: a commitment holds under one seed.
    await score(context, { ...effectOf(updates.slice(1)), seed: keccakWords(10) });
    expect((events[3] as { scores: OwnScores }).scores.commitment).to.not.equal(scores[2]!.commitment);
    // And one more, which brings the first draw back: what was promised then stands.
    await score(context, effectOf(updates.slice(1)));
    expect((events[4] as { scores: OwnScores }).scores).to.deep.equal(scores[2]);
  });
});
