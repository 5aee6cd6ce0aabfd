import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD, type Hex } from "../../node/core/bytes.ts";
import { nextModelId } from "../../node/core/encoding.ts";
import { encodeUpdate } from "../../node/core/fixedPoint.ts";
import { advanceModel, type GlobalModel } from "../../node/daemon/model/globalModel.ts";
import { certify, keptModels, loadModel, newestCertificate, saveModel } from "../../node/daemon/model/keptModels.ts";
import { Stopwatch } from "../../node/daemon/time/stopwatch.ts";
import { UpdateCache } from "../../node/daemon/model/updateCache.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";

const word = (index: number): Hex => keccakWords(index);
const bounds = { min: 4, max: 18 };
const model = (updates: number): GlobalModel => ({
  modelId: word(updates),
  updates,
  params: Float32Array.of(updates, 0.5),
  exponent: 12,
});

describe("the global model on the disk", () => {
  it("comes back as it was saved, the newest first", async () => {
    const storage = createMemoryStorage();
    expect(await loadModel(storage)).to.equal(undefined);
    for (const updates of [1, 2, 3, 4, 5]) await saveModel(storage, model(updates));
    expect(await loadModel(storage)).to.deep.equal(model(5));
    expect(keptModels(storage).map(({ updates }) => updates)).to.deep.equal([5, 4, 3]);
    expect(await storage.blobRoots()).to.have.length(3);
  });

  it("keeps the newest attested checkpoint for as long as there is no newer one", async () => {
    const storage = createMemoryStorage();
    const attest = async (updates: number): Promise<void> => {
      const saved = await saveModel(storage, model(updates));
      await certify(storage, { ...saved, round: updates, seed: word(0), signatures: [`0x${"11".repeat(65)}`] });
    };
    await attest(1);
    for (const updates of [2, 3, 4, 5]) await saveModel(storage, model(updates));
    expect(keptModels(storage).map(({ updates }) => updates)).to.deep.equal([5, 4, 3, 1]);
    expect(newestCertificate(storage)?.updates).to.equal(1);
    await saveModel(storage, model(5));
    await attest(6);
    expect(keptModels(storage).map(({ updates }) => updates)).to.deep.equal([6, 5, 4]);
    expect(await storage.blobRoots()).to.have.length(3);
    expect(newestCertificate(storage)?.updates).to.equal(6);
  });

  it("keeps the certificate with the most signatures of a checkpoint", async () => {
    const storage = createMemoryStorage();
    const saved = await saveModel(storage, model(1));
    const signedBy = async (count: number): Promise<number | undefined> => {
      const signatures = Array.from({ length: count }, (_, at): Hex => `0x${`${at}${at}`.repeat(65)}`);
      await certify(storage, { ...saved, round: 1, seed: word(0), signatures });
      return newestCertificate(storage)?.signatures.length;
    };
    expect([await signedBy(2), await signedBy(4), await signedBy(3)]).to.deep.equal([2, 4, 4]);
  });

  it("falls back to the checkpoint before, where the newest one's bytes are damaged", async () => {
    const storage = createMemoryStorage();
    await saveModel(storage, model(1));
    const [older] = await storage.blobRoots();
    await saveModel(storage, model(2));
    const newest = (await storage.blobRoots()).find((root) => root !== older) as Hex;
    await storage.putBlob(newest, new Uint8Array(8));
    expect(await loadModel(storage)).to.deep.equal(model(1));
  });

  it("moves by the aggregate in 1/256 steps of the exponent, and is named after its history", () => {
    const next = advanceModel(model(1), word(9), Int32Array.of(-3 * 2 ** 20, 5), bounds);
    expect(Array.from(next.params)).to.deep.equal([1 - 3, Math.fround(0.5 + 5 * 2 ** -20)]);
    expect(next.modelId).to.equal(nextModelId(word(1), word(9)));
    expect(next.updates).to.equal(2);
  });
});

describe("the updates that a participant holds", () => {
  it("are served as the blobs they came as, until their round is over", async () => {
    const cache = new UpdateCache(createMemoryStorage(), 3);
    const values = Int16Array.of(-32767, 0, 5);
    await cache.keep(word(1), values, 4);
    await cache.keep(word(2), values, 5);
    expect(await cache.readBlob(word(1))).to.deep.equal(new Uint8Array(encodeUpdate(values)));
    expect(cache.bytesOf(word(1))).to.equal(encodeUpdate(values).length);
    expect(cache.bytesOf(word(3))).to.equal(undefined);
    cache.forgetBefore(5);
    expect(await cache.read(word(1))).to.equal(undefined);
    expect(await cache.read(word(2))).to.deep.equal(values);
  });

  it("are read from the disk where they are this participant's own from before a restart", async () => {
    const storage = createMemoryStorage();
    await storage.putBlob(word(1), encodeUpdate(Int16Array.of(7, -8)));
    expect(await new UpdateCache(storage, 2).read(word(1))).to.deep.equal(Int16Array.of(7, -8));
  });

  it("go to the disk where memory would not hold them", async () => {
    const storage = createMemoryStorage();
    const cache = new UpdateCache(storage, 2, { memoryBytes: 4 });
    await cache.keep(word(1), Int16Array.of(1, 2), 1);
    await cache.keep(word(2), Int16Array.of(3, 4), 1);
    expect(await storage.blobRoots()).to.deep.equal([word(2)]);
    expect(await cache.read(word(2))).to.deep.equal(Int16Array.of(3, 4));
    expect(storage.blob(word(2))).to.include({ kind: "other", round: 1 });
  });

  it("go to the disk as well where all are kept, but for this participant's own, which is there", async () => {
    const storage = createMemoryStorage();
    const cache = new UpdateCache(storage, 2, { keepsAll: true });
    await storage.putBlob(word(1), encodeUpdate(Int16Array.of(1, 2)), { kind: "update", round: 1 });
    await cache.keep(word(1), Int16Array.of(1, 2), 1);
    await cache.keep(word(2), Int16Array.of(3, 4), 1);
    expect(storage.blob(word(1))).to.include({ kind: "update" });
    expect(storage.blob(word(2))).to.include({ kind: "other", round: 1 });
  });

  it("include the newest aggregate before the disk has it", async () => {
    const cache = new UpdateCache(createMemoryStorage(), 2);
    cache.keepAggregate(ZERO_WORD, Uint8Array.of(1, 2, 3));
    expect(await cache.readBlob(ZERO_WORD)).to.deep.equal(Uint8Array.of(1, 2, 3));
    expect(cache.bytesOf(ZERO_WORD)).to.equal(3);
  });
});

describe("a participant's stopwatch", () => {
  it("counts the seconds in which at least one piece of work was under way, once", async () => {
    let now = 10;
    const watch = new Stopwatch(() => now);
    const open: (() => void)[] = [];
    const work = (): Promise<void> =>
      watch.measure("network", () => new Promise<void>((resolve) => open.push(resolve)));
    const both = [work(), work()];
    now = 12;
    open[0]?.();
    await both[0];
    now = 15;
    open[1]?.();
    await both[1];
    expect(watch.take()).to.deep.equal({ training: 0, network: 5, chain: 0, verification: 0 });
    expect(watch.take().network).to.equal(0);
  });
});
