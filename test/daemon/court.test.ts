import { expect } from "chai";
import { describe, it } from "mocha";
import type { DemandAnswer, WrongLeafProof } from "../../node/chain/chain.ts";
import { keccakWords, type Address, type Hex } from "../../node/core/bytes.ts";
import { includeHash, type IncludedUpdate, type RoundRecord } from "../../node/core/encoding.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate, encodeUpdate, UPDATE_LEAF_BYTES } from "../../node/core/fixedPoint.ts";
import { buildTree, verifyLeaf } from "../../node/core/merkle.ts";
import type { ParticipantContext } from "../../node/daemon/participant/context.ts";
import { auditRound } from "../../node/daemon/participant/effects/audit.ts";
import { answerData, nextDemand } from "../../node/daemon/participant/effects/demands.ts";
import { proveWrong } from "../../node/daemon/participant/effects/wrongLeaf.ts";
import { Stopwatch } from "../../node/daemon/time/stopwatch.ts";
import { UpdateCache } from "../../node/daemon/model/updateCache.ts";
import type { DemandedNode } from "../../node/protocol/state.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { rejectionOf } from "../helpers/errors.ts";

/** Three leaves, the last one of 44 values. */
const LENGTH = 300;
const values = [1, 2, 3].map((k) => Int16Array.from({ length: LENGTH }, (_, i) => ((i * 7 * k) % 200) - 100));
const updates: IncludedUpdate[] = values.map((each, memberId) => ({
  updateRoot: buildTree(encodeUpdate(each), UPDATE_LEAF_BYTES).root,
  memberId,
  exampleCount: 10,
}));
/** Equal weights. */
const right = Int32Array.from({ length: LENGTH }, (_, i) => {
  const sum = values.reduce((total, each) => total + each[i]!, 0);
  return Math.floor((512 * 10 * sum + 30) / 60);
});
const lieAt = (coordinate: number): Uint8Array =>
  encodeAggregate(right.map((value, i) => (i === coordinate ? value + 1 : value)));
const rootOf = (aggregate: Uint8Array): Hex => buildTree(aggregate, AGGREGATE_LEAF_BYTES).root;

interface Surroundings {
  /** On the network, by root. */
  readonly blobs?: ReadonlyMap<Hex, Uint8Array>;
  readonly answers?: readonly DemandAnswer[];
  readonly record?: RoundRecord;
}

/** A participant that holds the updates of the round. */
async function participant({ blobs = new Map(), answers = [], record }: Surroundings = {}): Promise<{
  context: ParticipantContext;
  calls: { name: string; args: readonly unknown[] }[];
}> {
  const storage = createMemoryStorage();
  const calls: { name: string; args: readonly unknown[] }[] = [];
  const call =
    (name: string) =>
    (...args: readonly unknown[]): Promise<object> => {
      calls.push({ name, args });
      return Promise.resolve({});
    };
  const cache = new UpdateCache(storage, LENGTH);
  for (const [index, { updateRoot }] of updates.entries()) await cache.keep(updateRoot, values[index]!, 3);
  const context = {
    storage,
    updates: cache,
    chain: {
      operator: `0x${"0a".repeat(20)}`,
      terms: { vectorLength: LENGTH, weightCap: 100, rule: 0, trimPermille: 0 },
      answers: () => Promise.resolve(answers),
      roundRecord: () => Promise.resolve(record),
      demand: call("demand"),
      proveWrongLeaf: call("proveWrongLeaf"),
      proveSettledWrongLeaf: call("proveSettledWrongLeaf"),
    },
    network: {
      peers: () => [],
      fetchBlob: ({ root }: { root: Hex }) => {
        const found = blobs.get(root);
        return found === undefined
          ? Promise.reject(new PacelineError("not-found", "nobody has it"))
          : Promise.resolve(found);
      },
    },
    stopwatch: new Stopwatch(() => 0),
    signal: new AbortController().signal,
    state: () => ({ memory: { round: 3 } }),
    dispatch: () => undefined,
    aggregate: undefined,
  } as unknown as ParticipantContext;
  return { context, calls };
}

function expectProof(proof: WrongLeafProof, coordinate: number, aggregateRoot: Hex): void {
  const leaf = Math.floor(coordinate / 128);
  expect(proof.coordinate).to.equal(coordinate);
  expect(verifyLeaf(aggregateRoot, 2, leaf, proof.aggregateLeaf.leaf, proof.aggregateLeaf.siblings)).to.equal(true);
  for (const [index, { leaf: own, siblings }] of proof.updateLeaves.entries()) {
    expect(verifyLeaf(updates[index]!.updateRoot, 2, leaf, own, siblings)).to.equal(true);
  }
}

describe("a proof of a wrong leaf", () => {
  it("names the first coordinate that is wrong, with all leaves that decide it", async () => {
    const lie = lieAt(299);
    const { context } = await participant({ blobs: new Map([[rootOf(lie), lie]]) });
    const proof = await proveWrong(context, updates, rootOf(lie), []);
    expectProof(proof!, 299, rootOf(lie));
    expect(proof!.updateLeaves.length).to.equal(3);
  });

  it("is none where the aggregate is right", async () => {
    const blob = encodeAggregate(right);
    const { context } = await participant({ blobs: new Map([[rootOf(blob), blob]]) });
    expect(await proveWrong(context, updates, rootOf(blob), [])).to.equal(undefined);
  });

  it("needs no update's leaf for a lie in the padding", async () => {
    const lie = lieAt(0).slice();
    lie.set(encodeAggregate(right));
    lie[4 * 350 + 3] = 9;
    const { context } = await participant({ blobs: new Map([[rootOf(lie), lie]]) });
    const proof = await proveWrong(context, updates, rootOf(lie), []);
    expect(proof).to.deep.include({ coordinate: 350, updateLeaves: [] });
  });
});

describe("the demand of a hidden aggregate", () => {
  const lie = lieAt(140);
  const effect = { type: "demand", tree: 0, root: rootOf(lie), seed: keccakWords(1), updates } as const;

  it("goes node by node to where it differs from the right one, and then to the court", async () => {
    const answers: DemandAnswer[] = [];
    for (const level of [2, 0]) {
      const { context, calls } = await participant({ answers });
      const next = await nextDemand(context, effect);
      expect(next?.call).to.equal("demand");
      await next!.send();
      const [given, node, path] = calls[0]!.args as [unknown, DemandedNode, readonly Uint8Array[]];
      expect(given).to.equal(updates);
      expect(node).to.deep.include({ tree: 0, level, index: level === 2 ? 0 : 1 });
      expect(path.length).to.equal(2 - level);
      // Whoever lies shows what it lied about.
      const liar = await participant();
      await liar.context.storage.putBlob(rootOf(lie), lie);
      const data = await answerData(liar.context, { type: "answer", id: 1, node, root: rootOf(lie) });
      answers.push({ id: answers.length, node, data });
    }
    const { context, calls } = await participant({ answers });
    const next = await nextDemand(context, effect);
    expect(next?.call).to.equal("proveWrongLeaf");
    await next!.send();
    expectProof(calls[0]!.args[0] as WrongLeafProof, 140, rootOf(lie));
  });

  it("of an update ends with a leaf: there is nothing to prove", async () => {
    const { updateRoot } = updates[1]!;
    const ofUpdate = { ...effect, tree: 2, root: updateRoot } as const;
    const { context: holder } = await participant();
    const answers: DemandAnswer[] = [];
    for (let steps = 0; steps < 2; steps++) {
      const { context, calls } = await participant({ answers });
      await (await nextDemand(context, ofUpdate))!.send();
      const node = calls[0]!.args[1] as DemandedNode;
      const data = await answerData(holder, { type: "answer", id: 1, node, root: updateRoot });
      answers.push({ id: steps, node, data });
    }
    const { context } = await participant({ answers });
    expect(await nextDemand(context, ofUpdate)).to.equal(undefined);
  });

  it("is not answered by who does not hold the blob", async () => {
    const { context } = await participant();
    const node = { tree: 0, level: 2, index: 0, hash: rootOf(lie) };
    expect(await rejectionOf(answerData(context, { type: "answer", id: 1, node, root: rootOf(lie) }))).to.equal(
      "not-found",
    );
  });
});

describe("the audit of a settled round", () => {
  const lie = lieAt(5);
  const judged = { round: 3, modelId: keccakWords(2), updates, aggregateRoot: rootOf(encodeAggregate(right)) };
  const owners: readonly Address[] = [];
  const effect = { type: "audit", judged, owners } as const;
  const record = (aggregateRoot: Hex, of = updates): RoundRecord => ({
    seed: keccakWords(3),
    includeHash: includeHash(of),
    aggregateRoot,
    poster: 1,
    attesters: [1, 2],
  });
  const published = new Map([[rootOf(lie), lie]]);

  it("proves what has settled wrong, to the record that the chain keeps", async () => {
    const { context, calls } = await participant({ record: record(rootOf(lie)), blobs: published });
    const next = await auditRound(context, effect);
    expect(next?.call).to.equal("proveSettledWrongLeaf");
    await next!.send();
    expect(calls[0]!.args.slice(0, 2)).to.deep.equal([3, record(rootOf(lie))]);
    expectProof(calls[0]!.args[2] as WrongLeafProof, 5, rootOf(lie));
  });

  it("fetches the updates again that a restart has lost", async () => {
    const blobs = new Map([...published, [updates[2]!.updateRoot, encodeUpdate(values[2]!)] as const]);
    const { context } = await participant({ record: record(rootOf(lie)), blobs });
    const fresh = new UpdateCache(context.storage, LENGTH);
    for (const index of [0, 1]) await fresh.keep(updates[index]!.updateRoot, values[index]!, 3);
    Object.assign(context, { updates: fresh });
    expect((await auditRound(context, effect))?.call).to.equal("proveSettledWrongLeaf");
  });

  it("finds nothing where nothing settled, the right root did, or another include set", async () => {
    const others = [record(judged.aggregateRoot), record(rootOf(lie), updates.slice(1))];
    for (const each of [undefined, ...others]) {
      const { context } = await participant({ ...(each === undefined ? {} : { record: each }), blobs: published });
      expect(await auditRound(context, effect)).to.equal(undefined);
    }
  });

  it("is tried again where the settled aggregate cannot be had", async () => {
    const { context } = await participant({ record: record(rootOf(lie)) });
    expect(await rejectionOf(auditRound(context, effect))).to.equal("not-found");
  });
});
