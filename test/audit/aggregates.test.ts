import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, describe, it } from "mocha";
import { Aggregates, type SettledUpdates } from "../../node/audit/aggregates.ts";
import { openBlobFolders } from "../../node/audit/blobFolders.ts";
import { Differs, type Difference } from "../../node/audit/difference.ts";
import { aggregate } from "../../node/core/aggregationRule.ts";
import type { Hex } from "../../node/core/bytes.ts";
import {
  AGGREGATE_LEAF_BYTES,
  applyAggregate,
  encodeAggregate,
  encodeUpdate,
  nextExponent,
  UPDATE_LEAF_BYTES,
} from "../../node/core/fixedPoint.ts";
import { buildTree } from "../../node/core/merkle.ts";
import { weightsOf } from "../../node/core/weightedMean.ts";
import { openParticipantStorage } from "../../node/daemon/adapters.ts";
import { archivedBlobs, archiving } from "../../node/daemon/job/archive.ts";
import { randomUpdate, testTerms } from "../helpers/roundPlayer.ts";
import { sourceOf } from "./eventfulJob.ts";

const LENGTH = 300;
const TERMS = testTerms(`0x${"c0".repeat(20)}`, { initialExponent: 14 });
const COUNTS = [40, 71, 102];
const UPDATES = COUNTS.map((_, member) => randomUpdate(LENGTH, 1, member));
const BLOBS = UPDATES.map((values) => encodeUpdate(values));
const ROOTS = BLOBS.map((bytes) => buildTree(bytes, UPDATE_LEAF_BYTES).root);
const WEIGHTS = weightsOf(COUNTS, TERMS.weightCap);
const AGGREGATE = aggregate(
  0,
  0,
  UPDATES.map((values, k) => ({ values, weight: WEIGHTS[k]! })),
);
const AGGREGATE_BLOB = encodeAggregate(AGGREGATE);
const AGGREGATE_ROOT = buildTree(AGGREGATE_BLOB, AGGREGATE_LEAF_BYTES).root;
const ROUND: SettledUpdates = {
  round: 4,
  updates: ROOTS.map((updateRoot, memberId) => ({ updateRoot, memberId, exampleCount: COUNTS[memberId]! })),
  aggregateRoot: AGGREGATE_ROOT,
};
const PARAMS = Float32Array.from({ length: LENGTH }, (_, index) => index / 7);

const held = (...more: readonly (readonly [Hex, Uint8Array])[]): Map<Hex, Uint8Array> =>
  new Map([...ROOTS.map((root, k) => [root, BLOBS[k]!] as const), ...more]);

async function differenceOf(work: Promise<void>): Promise<Difference | undefined> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Differs) return error.difference;
    throw error;
  }
  return undefined;
}

const sha256 = (values: Float32Array): Hex =>
  `0x${createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex")}`;

describe("aggregates, recomputed from blobs", () => {
  it("give the params that every participant has, round after round", async () => {
    const follower = new Aggregates(TERMS, sourceOf(held()), { params: PARAMS, clipNorm: 1e6 });
    await follower.settle(ROUND);
    await follower.settle({ ...ROUND, round: 5 });
    const next = nextExponent(14, AGGREGATE, { min: TERMS.minExponent, max: TERMS.maxExponent });
    const expected = applyAggregate(applyAggregate(PARAMS, AGGREGATE, 14), AGGREGATE, next);
    expect(follower.paramsHash).to.equal(sha256(expected));
    expect([...follower.followed]).to.deep.equal([
      [4, "recomputed"],
      [5, "recomputed"],
    ]);
  });

  it("are wrong where another root settled, until somebody has proven it", async () => {
    const lie = AGGREGATE.slice();
    lie[7]! += 1;
    const blob = encodeAggregate(lie);
    const root = buildTree(blob, AGGREGATE_LEAF_BYTES).root;
    const follower = new Aggregates(TERMS, sourceOf(held([root, blob])), { params: PARAMS, clipNorm: 1e6 });
    await follower.settle({ ...ROUND, aggregateRoot: root });
    expect(follower.wrong.get(4)).to.deep.include({ round: 4, item: "aggregate", chain: root, replay: AGGREGATE_ROOT });
    expect(follower.paramsHash).to.equal(sha256(applyAggregate(PARAMS, lie, 14))); // what settled is the model
    follower.proven(4);
    expect(follower.wrong.size).to.equal(0);
  });

  it("name an update that is longer than the job allows", async () => {
    const follower = new Aggregates(TERMS, sourceOf(held()), { params: PARAMS, clipNorm: 0.5 });
    const difference = await differenceOf(follower.settle(ROUND));
    expect(difference).to.deep.include({ round: 4, phase: "share", item: "norm of the update of member 0" });
  });

  it("name an update with a value that no update may have, although its root is right", async () => {
    const bytes = Uint8Array.from(BLOBS[1]!);
    bytes.set([0x80, 0x00], 2 * 9); // −32768
    const root = buildTree(bytes, UPDATE_LEAF_BYTES).root;
    const updates = ROUND.updates.map((update) => (update.memberId === 1 ? { ...update, updateRoot: root } : update));
    const follower = new Aggregates(TERMS, sourceOf(held([root, bytes])), undefined);
    const difference = await differenceOf(follower.settle({ ...ROUND, updates }));
    expect(difference).to.deep.include({ round: 4, item: "update of member 1", chain: root });
    expect(difference?.replay).to.contain("value 9 is -32768");
  });

  it("name a file that is cut short", async () => {
    const follower = new Aggregates(TERMS, sourceOf(held([ROOTS[2]!, BLOBS[2]!.subarray(0, 700)])), undefined);
    const difference = await differenceOf(follower.settle(ROUND));
    expect(difference?.item).to.equal("update of member 2");
    expect(difference?.replay).to.contain("700 bytes are no whole number of leaves");
  });

  it("follow no params beyond an aggregate that nobody has", async () => {
    const follower = new Aggregates(TERMS, sourceOf(new Map()), { params: PARAMS, clipNorm: 1e6 });
    await follower.settle(ROUND);
    expect(follower.paramsHash).to.equal(undefined);
    expect(follower.missing.map(({ item }) => item)).to.deep.equal([
      ...[0, 1, 2].map((member) => `update of member ${member}`),
      "aggregate",
    ]);
  });
});

describe("folders of blobs", () => {
  const folder = mkdtempSync(join(tmpdir(), "paceline-blobs-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are a daemon's, an archive that keeps what the daemon forgets, or plain files", async () => {
    const storage = await openParticipantStorage(join(folder, "home"));
    const archive = join(folder, "archive");
    const kept = archiving(storage, archive);
    await kept.putBlob(ROOTS[0]!, BLOBS[0]!);
    await storage.putBlob(ROOTS[1]!, BLOBS[1]!);
    await kept.putBlob(ROOTS[2]!, BLOBS[2]!, { kind: "checkpoint", round: 1 });
    await kept.deleteBlob(ROOTS[0]!);
    const plain = join(folder, "plain");
    mkdirSync(plain);
    writeFileSync(join(plain, AGGREGATE_ROOT.slice(2)), AGGREGATE_BLOB);
    const source = await openBlobFolders([join(folder, "home", "blobs"), archivedBlobs(archive), plain]);
    const bytesOf = async (root: Hex, length: number): Promise<Uint8Array | undefined> =>
      (await source.read(root, length))?.bytes;
    expect(await bytesOf(ROOTS[0]!, 768)).to.deep.equal(new Uint8Array(BLOBS[0]!));
    expect(await bytesOf(ROOTS[1]!, 768)).to.deep.equal(new Uint8Array(BLOBS[1]!));
    expect(await bytesOf(AGGREGATE_ROOT, 1536)).to.deep.equal(new Uint8Array(AGGREGATE_BLOB));
    const archived = await openBlobFolders([archivedBlobs(archive)]);
    expect(await archived.read(ROOTS[2]!, 768)).to.equal(undefined); // a checkpoint is no part of an audit
    storage.close();
  });

  it("must be there", async () => {
    let message = "";
    await openBlobFolders([join(folder, "nowhere")]).catch((error: unknown) => (message = String(error)));
    expect(message).to.contain("there is no folder of blobs at");
  });
});
