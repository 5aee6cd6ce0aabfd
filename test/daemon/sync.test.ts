import { expect } from "chai";
import { describe, it } from "mocha";
import type { SettledRound } from "../../node/chain/chain.ts";
import { keccakWords, type Address, type Hex } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate } from "../../node/core/fixedPoint.ts";
import { buildTree } from "../../node/core/merkle.ts";
import { signDigest } from "../../node/core/signature.ts";
import { structDigest } from "../../node/core/typedData.ts";
import { encodeCheckpoint } from "../../node/daemon/model/checkpoint.ts";
import type { Trust } from "../../node/daemon/home/homeSchemas.ts";
import type { ParticipantContext } from "../../node/daemon/participant/context.ts";
import { sync } from "../../node/daemon/participant/effects/sync.ts";
import { advanceModel, type GlobalModel } from "../../node/daemon/model/globalModel.ts";
import { keptModels, saveModel } from "../../node/daemon/model/keptModels.ts";
import { Stopwatch } from "../../node/daemon/time/stopwatch.ts";
import { UpdateCache } from "../../node/daemon/model/updateCache.ts";
import type { Certificate } from "../../node/protocol/checkpoint.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { domain, keys, members, operators, SEATS } from "../protocol/situation.ts";

const LENGTH = 3;
const BOUNDS = { min: 4, max: 18 };
const GENESIS: GlobalModel = {
  modelId: keccakWords(1),
  updates: 0,
  params: Float32Array.of(0.5, -0.25, 0),
  exponent: 8,
};

/** A job's history: round r's aggregate is the same in every branch of the same name. */
class History {
  readonly aggregates: Int32Array[] = [];
  readonly models: GlobalModel[] = [GENESIS];
  readonly roots: Hex[] = [];

  constructor(...branches: readonly (readonly [name: number, rounds: number])[]) {
    for (const [name, rounds] of branches) for (let i = 0; i < rounds; i++) this.#settle(name);
  }

  #settle(name: number): void {
    const round = this.roots.length + 1;
    const aggregate = Int32Array.of(256 * round, -round, 256 * name);
    const { root } = buildTree(encodeAggregate(aggregate), AGGREGATE_LEAF_BYTES);
    this.aggregates.push(aggregate);
    this.roots.push(root);
    this.models.push(advanceModel(this.models.at(-1)!, root, aggregate, BOUNDS));
  }

  get rounds(): { round: number; settled: SettledRound; withheld: number[] }[] {
    return this.roots.map((aggregateRoot, at) => {
      const settled = { aggregateRoot, modelId: this.models[at + 1]!.modelId, seats: SEATS } as unknown as SettledRound;
      return { round: at + 1, settled, withheld: [] };
    });
  }

  /** @param signers member ids */
  certificate(updates: number, signers: readonly number[], change: Partial<Certificate> = {}): Certificate {
    const model = this.models[updates]!;
    const checkpointRoot = buildTree(encodeCheckpoint(model), AGGREGATE_LEAF_BYTES).root;
    const { modelId } = model;
    const said = { round: updates, seed: keccakWords(5), modelId, updates, checkpointRoot, ...change };
    const digest = structDigest(domain, { type: "Checkpoint", ...said });
    return { ...said, signatures: signers.map((id) => signDigest(digest, keys[id]!)) };
  }
}

interface Surroundings {
  readonly chain: () => History;
  /** Blobs that peers hold, by root. */
  readonly blobs: Map<Hex, Uint8Array>;
  readonly certificates?: readonly Certificate[];
  readonly trust?: Trust;
  readonly ejected?: readonly number[];
}

function peer({ chain, blobs, certificates = [], trust = "checkpoint", ejected = [] }: Surroundings): {
  readonly context: ParticipantContext;
  readonly fetched: Hex[];
  readonly asked: { updates: number; newest: number }[];
  /** Histories that were not believed. */
  readonly forgotten: History[];
} {
  const storage = createMemoryStorage();
  const fetched: Hex[] = [];
  const asked: { updates: number; newest: number }[] = [];
  const forgotten: History[] = [];
  const context = {
    storage,
    domain,
    trust,
    chain: {
      terms: { vectorLength: LENGTH, genesisHash: GENESIS.modelId },
      history: () => Promise.resolve({ rounds: chain().rounds, slashes: [] }),
      forgetHistory: () => forgotten.push(chain()),
    },
    spec: { encoding: { minExponent: BOUNDS.min, maxExponent: BOUNDS.max } },
    stopwatch: new Stopwatch(() => 0),
    updates: new UpdateCache(storage, LENGTH),
    model: GENESIS,
    genesis: () => GENESIS,
    syncing: Promise.resolve(),
    signal: new AbortController().signal,
    state: () => ({
      memory: { round: 1 },
      members: members.map((member, id) => ({ ...member, ejected: ejected.includes(id) })),
    }),
    dispatch: () => undefined,
    onProblem: () => undefined,
    checkpoints: {
      ask: (question: { updates: number; newest: number }, isGood: (one: Certificate) => boolean) => {
        asked.push(question);
        return Promise.resolve(certificates.find((one) => one.updates > question.updates && isGood(one)));
      },
    },
    network: {
      peers: (): Address[] => [operators[1]!],
      fetchBlob: ({ root }: { root: Hex }) => {
        fetched.push(root);
        const bytes = blobs.get(root);
        return bytes === undefined
          ? Promise.reject(new PacelineError("not-found", "nobody has it"))
          : Promise.resolve(bytes);
      },
    },
  } as unknown as ParticipantContext;
  return { context, fetched, asked, forgotten };
}

const blobsOf = (history: History, ...rounds: readonly number[]): Map<Hex, Uint8Array> =>
  new Map(rounds.map((round) => [history.roots[round - 1]!, encodeAggregate(history.aggregates[round - 1]!)]));

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const QUORUM = SEATS.slice(0, 3);

describe("a peer that comes late", () => {
  const history = new History([1, 19]);
  const target = history.models[19]!;

  it("takes the newest attested checkpoint, and replays what came after it only", async () => {
    const certificate = history.certificate(16, QUORUM);
    const blobs = blobsOf(history, 17, 18, 19);
    blobs.set(certificate.checkpointRoot, encodeCheckpoint(history.models[16]!));
    const { context, fetched, asked } = peer({ chain: () => history, blobs, certificates: [certificate] });
    await sync(context, target.modelId, undefined);
    expect(context.model).to.deep.equal(target);
    expect(fetched).to.deep.equal([certificate.checkpointRoot, ...history.roots.slice(16)]);
    expect(asked).to.deep.equal([{ updates: 1, newest: 16 }]);
    expect(keptModels(context.storage).find(({ updates }) => updates === 16)?.certificate).to.deep.equal(certificate);
  });

  it("replays everything where it trusts no quorum, and where nobody shows a checkpoint", async () => {
    for (const [trust, certificates] of [
      ["replay", [history.certificate(16, QUORUM)]],
      ["checkpoint", []],
    ] as const) {
      const surroundings = { chain: () => history, blobs: blobsOf(history, ...range(1, 19)), certificates, trust };
      const { context, fetched } = peer(surroundings);
      await sync(context, target.modelId, undefined);
      expect(context.model).to.deep.equal(target);
      expect(fetched).to.deep.equal(history.roots);
    }
  });

  it("believes no checkpoint that lacks a quorum of the seats, or is of a model or a round that the chain has not", async () => {
    const elsewhere = new History([2, 19]);
    const good = history.certificate(16, QUORUM);
    const bad: [string, Certificate, number[]?][] = [
      ["two of four seats", history.certificate(16, QUORUM.slice(1))],
      ["a seat three times", history.certificate(16, [3, 3, 3])],
      ["members without a seat", history.certificate(16, [0, 2, 3, 1])],
      ["another chain's model", elsewhere.certificate(16, SEATS)],
      ["another round", history.certificate(16, SEATS, { round: 15 })],
      ["another count", history.certificate(16, SEATS, { updates: 15 })],
      ["signatures for another root", { ...good, checkpointRoot: keccakWords(66) }],
      ["a seat that was proven wrong", good, [3]],
    ];
    for (const [what, certificate, ejected = []] of bad) {
      const blobs = blobsOf(history, ...range(1, 19));
      const { context, fetched } = peer({ chain: () => history, blobs, certificates: [certificate], ejected });
      await sync(context, target.modelId, undefined);
      expect(context.model, what).to.deep.equal(target);
      expect(fetched, what).to.deep.equal(history.roots);
    }
  });

  it("replays where nobody gives the checkpoint, or a quorum signed what it is not", async () => {
    const missing = history.certificate(16, QUORUM);
    const other = encodeCheckpoint({ ...history.models[16]!, exponent: 99 });
    const { root } = buildTree(other, AGGREGATE_LEAF_BYTES);
    for (const certificate of [missing, history.certificate(16, QUORUM, { checkpointRoot: root })]) {
      const blobs = blobsOf(history, ...range(1, 19)).set(root, other);
      const { context } = peer({ chain: () => history, blobs, certificates: [certificate] });
      await sync(context, target.modelId, undefined);
      expect(context.model).to.deep.equal(target);
    }
  });

  it("says what is missing where neither aggregates nor a checkpoint are there, and goes on when they are", async () => {
    const blobs = blobsOf(history, ...range(1, 4));
    const { context } = peer({ chain: () => history, blobs });
    const error = await sync(context, target.modelId, undefined).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PacelineError);
    expect((error as PacelineError).message).to.match(/model of 19 .* aggregate after round 4, nor .* checkpoint/);
    for (const [root, bytes] of blobsOf(history, ...range(5, 19))) blobs.set(root, bytes);
    await sync(context, target.modelId, undefined);
    expect(context.model).to.deep.equal(target);
  });

  it("asks nobody for a checkpoint where what it lacks is as near", async () => {
    const { context, asked } = peer({ chain: () => history, blobs: blobsOf(history, ...range(1, 19)) });
    for (const updates of [7, 8, 15, 19]) {
      context.model = history.models[updates]!;
      await sync(context, history.models[Math.min(19, updates + 2)]!.modelId, undefined);
    }
    expect(asked).to.deep.equal([]);
  });

  it("finds its way wherever it stood, though others keep only the aggregates since the round that was attested last", async () => {
    for (const to of range(8, 19)) {
      const attested = to - (to % 8);
      const certificate = history.certificate(attested, QUORUM);
      for (const from of range(0, to - 1)) {
        const blobs = blobsOf(history, ...range(attested, to));
        blobs.set(certificate.checkpointRoot, encodeCheckpoint(history.models[attested]!));
        const { context } = peer({ chain: () => history, blobs, certificates: [certificate] });
        context.model = history.models[from]!;
        await sync(context, history.models[to]!.modelId, undefined);
        expect(context.model, `from ${from} to ${to}`).to.deep.equal(history.models[to]!);
      }
    }
  });
});

describe("a reorganisation of the chain", () => {
  it("takes the model back to the newest that is kept and that the chain still has, and on by its new rounds", async () => {
    const before = new History([1, 5]);
    const after = new History([1, 4], [2, 3]);
    let chain = before;
    const blobs = new Map([...blobsOf(before, ...range(1, 5)), ...blobsOf(after, ...range(1, 7))]);
    const { context, fetched } = peer({ chain: () => chain, blobs });
    await sync(context, before.models[5]!.modelId, undefined);
    chain = after;
    fetched.length = 0;
    await sync(context, after.models[7]!.modelId, before.roots[4]);
    expect(context.model).to.deep.equal(after.models[7]!);
    expect(fetched).to.deep.equal(after.roots.slice(4));
    expect(keptModels(context.storage).map(({ modelId }) => modelId)).to.not.include(before.models[5]!.modelId);
  });

  it("takes back a round that has not settled anew yet, and adds it again when it has", async () => {
    const before = new History([1, 5]);
    let chain = before;
    const { context, fetched } = peer({ chain: () => chain, blobs: blobsOf(before, ...range(1, 5)) });
    await sync(context, before.models[5]!.modelId, undefined);
    chain = new History([1, 4]);
    fetched.length = 0;
    await sync(context, before.models[4]!.modelId, before.roots[4]);
    expect(context.model).to.deep.equal(before.models[4]!);
    chain = before;
    await sync(context, before.models[5]!.modelId, before.roots[4]);
    expect(context.model).to.deep.equal(before.models[5]!);
    expect(fetched).to.deep.equal([]);
  });

  it("begins at the job file's params where nothing that is kept is on the chain any more", async () => {
    const before = new History([1, 6]);
    const after = new History([2, 2]);
    let chain = before;
    const blobs = new Map([...blobsOf(before, ...range(1, 6)), ...blobsOf(after, 1, 2)]);
    const { context } = peer({ chain: () => chain, blobs });
    await sync(context, before.models[6]!.modelId, undefined);
    chain = after;
    await sync(context, after.models[2]!.modelId, undefined);
    expect(context.model).to.deep.equal(after.models[2]!);
    expect(keptModels(context.storage).map(({ updates }) => updates)).to.deep.equal([2, 1]);
  });

  it("moves nothing back for a view that is older than the log", async () => {
    const history = new History([1, 5]);
    const { context } = peer({ chain: () => history, blobs: blobsOf(history, ...range(1, 5)) });
    await sync(context, history.models[5]!.modelId, undefined);
    await sync(context, history.models[3]!.modelId, undefined);
    expect(context.model).to.deep.equal(history.models[5]!);
  });

  it("is not taken for one where the endpoint's log is not a chain of models, or lacks the view's", async () => {
    const history = new History([1, 5]);
    const gap = { rounds: history.rounds.filter(({ round }) => round !== 2) } as unknown as History;
    const { context, forgotten } = peer({ chain: () => gap, blobs: blobsOf(history, ...range(1, 5)) });
    expect(await rejectionOf(sync(context, history.models[5]!.modelId, undefined))).to.equal("chain-unreachable");
    expect(forgotten, "read anew the next time").to.deep.equal([gap]);
    const short = peer({ chain: () => new History([1, 3]), blobs: blobsOf(history, ...range(1, 5)) });
    expect(await rejectionOf(sync(short.context, history.models[5]!.modelId, undefined))).to.equal("chain-unreachable");
    expect(context.model).to.equal(GENESIS);
  });

  it("leaves a kept model that is damaged, for the one before it", async () => {
    const before = new History([1, 5]);
    const after = new History([1, 3]);
    const { context, fetched } = peer({ chain: () => after, blobs: blobsOf(before, 1, 2, 3) });
    for (const updates of [2, 3, 5]) await saveModel(context.storage, before.models[updates]!);
    const [, third] = keptModels(context.storage);
    await context.storage.putBlob(third!.checkpointRoot, new Uint8Array(512));
    context.model = before.models[5]!;
    await sync(context, after.models[3]!.modelId, undefined);
    expect(context.model).to.deep.equal(after.models[3]!);
    expect(fetched).to.deep.equal([after.roots[2]]);
  });
});
