import { expect } from "chai";
import { after, describe, it } from "mocha";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../../node/core/bytes.ts";
import { CHUNK_BYTES } from "../../node/core/chunks.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { ServedStore } from "../../node/daemon/participant/blobStore.ts";
import type { BlobRequest } from "../../node/network/blobs/frames.ts";
import { JobBlobs } from "../../node/network/blobs/jobBlobs.ts";
import type { Holder } from "../../node/network/blobs/source.ts";
import { TransferLimits } from "../../node/network/blobs/transferLimits.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { openStorage } from "../../node/storage/sqlite.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { faultyDisk } from "../helpers/faultyDisk.ts";

const { bytes, shape } = randomBlob(5 * 256 + 3, 4096, 3); // six chunks
const large = randomBlob(9 * 256 + 3, 4096, 4); // ten
const NEVER = new AbortController().signal;
const parent = mkdtempSync(join(tmpdir(), "paceline-jobblobs-"));
after(() => rmSync(parent, { recursive: true, force: true }));
let folders = 0;

/** Unlike each other from the first digits on, as real addresses are. */
const operator = (index: number): Address =>
  `0x${String(index * 2)
    .padStart(8, "0")
    .repeat(5)}`;

function jobBlobs(index: number, storage: Storage): JobBlobs {
  const store = new ServedStore({ storage, now: () => 0, round: () => 1, isHidden: () => false });
  const source = { readBlob: (root: `0x${string}`) => storage.readBlob(root), store };
  return new JobBlobs({ self: operator(index), source, limits: new TransferLimits() });
}

/** A way to ask another's blobs, which records what it was asked for. */
function holderOf(index: number, blobs: JobBlobs, fails: (request: BlobRequest) => boolean = () => false) {
  const chunks: number[] = [];
  const holder: Holder = {
    operator: operator(index),
    load: () => 0,
    rate: () => undefined,
    reportWrongBytes: () => undefined,
    async request(request, target) {
      if (fails(request)) throw new PacelineError("timeout", "told to");
      const answer = await blobs.answer(request);
      if (answer === undefined) return false;
      expect(answer.length).to.equal(target.length);
      target.set(answer);
      if (request.kind === "chunk") chunks.push(request.index);
      return true;
    },
  };
  return { holder, chunks };
}

async function owner(): Promise<JobBlobs> {
  const storage = createMemoryStorage();
  await storage.putBlob(shape.root, bytes);
  return jobBlobs(0, storage);
}

const expectWhole = (got: Uint8Array | undefined): void => {
  expect(Buffer.compare(got ?? new Uint8Array(0), bytes)).to.equal(0);
};

describe("the blobs of a job", () => {
  it("go on after a restart from what is on the disk, and are on it when they are whole, with their nodes", async () => {
    const folder = join(parent, String(folders++));
    const served = await owner();
    let storage = await openStorage(folder);
    let blobs = jobBlobs(1, storage);
    const dying = holderOf(0, served, ({ kind, index }) => kind === "chunk" && index >= 3);
    expect(await rejectionOf(blobs.fetch(shape, [dying.holder], () => [], NEVER))).to.equal("timeout");
    await blobs.stop();
    storage.close();
    storage = await openStorage(folder);
    blobs = jobBlobs(1, storage);
    const back = holderOf(0, served);
    expectWhole(await blobs.fetch(shape, [back.holder], () => [], NEVER));
    expect(dying.chunks).to.not.be.empty;
    expect([...dying.chunks, ...back.chunks].toSorted()).to.deep.equal([0, 1, 2, 3, 4, 5]);
    await blobs.stop();
    expectWhole(await storage.readBlob(shape.root));
    expect(storage.getNodes(shape.root, 4096)).to.have.length(6 * 32);
    storage.close();
  });

  it("arrive whole whichever change of the disk fails, and the next fetch has what was kept", async () => {
    const served = await owner();
    let changes = 1;
    for (let at = 0; at < changes; at++) {
      const folder = join(parent, String(folders++));
      const disk = faultyDisk((change) => (change === at ? "tear" : change > at ? "fail" : undefined));
      const broken = await openStorage(folder, { fs: disk.fs });
      const blobs = jobBlobs(1, broken);
      expectWhole(await blobs.fetch(shape, [holderOf(0, served).holder], () => [], NEVER));
      await blobs.stop();
      broken.close();
      changes = Math.max(changes, at === 0 ? 16 : 0);
      const storage = await openStorage(folder);
      if (storage.blob(shape.root)?.whole === true) expectWhole(await storage.readBlob(shape.root));
      else {
        const again = jobBlobs(1, storage);
        expectWhole(await again.fetch(shape, [holderOf(0, served).holder], () => [], NEVER));
        await again.stop();
        expectWhole(await storage.readBlob(shape.root));
      }
      storage.close();
    }
  }).timeout(60_000);

  it("arrive where the disk has no room, which keeps nothing half", async () => {
    const storage = createMemoryStorage(2 * CHUNK_BYTES);
    const blobs = jobBlobs(1, storage);
    expectWhole(await blobs.fetch(shape, [holderOf(0, await owner()).holder], () => [], NEVER));
    await blobs.stop();
    expect(await storage.readBlob(shape.root)).to.equal(undefined);
  });

  it("are served while they arrive, so that the owner gives less than one copy to each", async () => {
    const served = await owner();
    const parts = [1, 2, 3].map((index) => ({ index, blobs: jobBlobs(index, createMemoryStorage()) }));
    // An uplink that carries one chunk at a time, whoever it is for.
    let uplink = Promise.resolve();
    const fromOwner = parts.map(({ index }) => {
      const { holder, chunks } = holderOf(0, served);
      const request: Holder["request"] = async (asked, target, signal) => {
        if (asked.kind === "chunk")
          await (uplink = uplink.then(() => new Promise((resolve) => void setTimeout(resolve, 100))));
        return holder.request(asked, target, signal);
      };
      return { holder: { ...holder, request }, chunks, index };
    });
    const fetched = await Promise.all(
      parts.map(({ index, blobs }, i) => {
        const others = parts
          .filter((other) => other.index !== index)
          .map((other) => holderOf(other.index, other.blobs));
        return blobs.fetch(
          shape,
          [(fromOwner[i] as (typeof fromOwner)[0]).holder],
          () => others.map(({ holder }) => holder),
          NEVER,
        );
      }),
    );
    fetched.forEach(expectWhole);
    const given = fromOwner.reduce((sum, { chunks }) => sum + chunks.length, 0);
    expect(given).to.be.below(3 * 6);
    expect(given).to.be.at.least(6);
  });

  it("are read from the disk by the chunk where they are large, their nodes hashed once and then kept there", async () => {
    const storage = createMemoryStorage();
    await storage.putBlob(large.shape.root, large.bytes);
    let whole = 0;
    const chunks: number[] = [];
    const counting: Storage = {
      ...storage,
      readBlob: (root) => (whole++, storage.readBlob(root)),
      readChunk: (root, index) => (chunks.push(index), storage.readChunk(root, index)),
    };
    const request = { root: large.shape.root, leafBytes: 4096, index: 0 } as const;
    const first = jobBlobs(1, counting);
    const [nodes, again] = await Promise.all([
      first.answer({ ...request, kind: "nodes" }),
      first.answer({ ...request, kind: "nodes" }),
    ]);
    expect(nodes).to.have.length(10 * 32);
    expect(again).to.equal(nodes);
    expect(chunks).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(
      Buffer.compare(
        (await jobBlobs(2, counting).answer({ ...request, kind: "nodes" })) ?? new Uint8Array(0),
        nodes as Uint8Array,
      ),
    ).to.equal(0);
    expect(await first.answer({ ...request, kind: "have" })).to.deep.equal(Uint8Array.of(255, 3));
    expect(await first.answer({ ...request, kind: "chunk", index: 9 })).to.have.length(3 * 4096);
    expect(await first.answer({ ...request, kind: "chunk", index: 10 })).to.equal(undefined);
    expect(whole).to.equal(0);
    expect(chunks.slice(10)).to.deep.equal([9]); // nothing is read for what it does not have
  });
});
