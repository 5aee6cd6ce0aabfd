import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { PacelineError, type ErrorCode } from "../../node/core/errors.ts";
import { CHUNK_BYTES } from "../../node/core/chunks.ts";
import { fetchVerified } from "../../node/network/blobs/fetch.ts";
import type { BlobRequest } from "../../node/network/blobs/frames.ts";
import { BlobServer } from "../../node/network/blobs/server.ts";
import type { Holder } from "../../node/network/blobs/source.ts";
import { BlobVerifier } from "../../node/network/blobs/verifier.ts";
import type { Network } from "../../node/network/network.ts";
import { MemoryHub } from "../../node/network/memory.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { rejectionOf } from "../helpers/errors.ts";

const { bytes, shape } = randomBlob(4 * 4096 + 3, 256, 1); // five chunks, the last of three leaves
const NEVER = new AbortController().signal;

/** A holder of the blob above which records what it is asked for and misbehaves as told. */
function holderOf(
  name: number,
  misbehave: (request: BlobRequest) => "corrupt" | ErrorCode | undefined = () => undefined,
) {
  const server = new BlobServer({ readBlob: async () => bytes });
  const asked: string[] = [];
  let reports = 0;
  const holder: Holder = {
    operator: `0x${String(name).repeat(40)}` as Address,
    load: () => 0,
    rate: () => undefined,
    reportWrongBytes: () => void (reports += 1),
    async request(request, target, signal) {
      asked.push(request.kind === "nodes" ? "nodes" : String(request.index));
      const fault = misbehave(request);
      if (fault !== undefined && fault !== "corrupt") throw new PacelineError(fault, "told to");
      const answer = await server.answer(request);
      if (signal.aborted) throw new PacelineError("closed", "aborted");
      target.set(answer as Uint8Array);
      if (fault === "corrupt") target[target.length - 1] = (target[target.length - 1] as number) ^ 1;
      return true;
    },
  };
  return { holder, asked, reports: () => reports };
}

const fetchFrom = (holders: readonly Holder[]): Promise<Uint8Array> =>
  fetchVerified({ verifier: new BlobVerifier(shape), holders, signal: NEVER });

describe("a verified fetch", () => {
  it("asks for the nodes first, then for every chunk once", async () => {
    const { holder, asked } = holderOf(1);
    expect(Buffer.compare(await fetchFrom([holder]), bytes)).to.equal(0);
    expect(asked).to.deep.equal(["nodes", "0", "1", "2", "3", "4"]);
  });

  it("keeps what was verified when the next holder takes over", async () => {
    const bad = holderOf(1, ({ kind, index }) => (kind === "chunk" && index === 3 ? "corrupt" : undefined));
    const good = holderOf(2);
    expect(Buffer.compare(await fetchFrom([bad.holder, good.holder]), bytes)).to.equal(0);
    expect(good.asked).to.not.include("nodes");
    expect(good.asked).to.include("3");
    expect(good.asked).to.not.include("0");
  });

  it("finds wrong nodes out before it asks for a chunk", async () => {
    const bad = holderOf(1, ({ kind }) => (kind === "nodes" ? "corrupt" : undefined));
    expect(await rejectionOf(fetchFrom([bad.holder]))).to.equal("bad-blob");
    expect(bad.asked).to.deep.equal(["nodes"]);
    expect(bad.reports()).to.equal(1);
  });

  it("gives a holder two strikes for missed deadlines and none for a broken protocol", async () => {
    let misses = 1;
    const slow = holderOf(1, ({ kind, index }) =>
      kind === "chunk" && index === 2 && misses-- > 0 ? "timeout" : undefined,
    );
    expect(Buffer.compare(await fetchFrom([slow.holder]), bytes)).to.equal(0);
    const dead = holderOf(2, () => "timeout");
    expect(await rejectionOf(fetchFrom([dead.holder]))).to.equal("timeout");
    expect(dead.asked).to.deep.equal(["nodes", "nodes"]);
    const rude = holderOf(3, () => "bad-message");
    expect(await rejectionOf(fetchFrom([rude.holder]))).to.equal("bad-blob");
    expect(rude.asked).to.deep.equal(["nodes"]);
  });

  it("tells the gravest failure of all holders, and each one's", async () => {
    const holders = [holderOf(1, () => "not-found"), holderOf(2, () => "corrupt"), holderOf(3, () => "timeout")].map(
      ({ holder }) => holder,
    );
    try {
      await fetchFrom(holders);
      expect.fail("should have thrown");
    } catch (error) {
      const { code, facts } = error as PacelineError;
      expect(code).to.equal("bad-blob");
      expect(Object.values(facts["failures"] as object)).to.deep.equal(["not-found", "bad-blob", "timeout"]);
    }
  });
});

describe("a blob server", () => {
  it("has no chunk beyond the end, no nodes for leaves that do not divide the blob, and survives a failing source", async () => {
    const server = new BlobServer({ readBlob: async () => bytes.subarray(0, 300) });
    const request = { root: shape.root, leafBytes: 256 } as const;
    expect(await server.answer({ ...request, kind: "chunk", index: 0 })).to.have.length(300);
    expect(await server.answer({ ...request, kind: "chunk", index: 1 })).to.equal(undefined);
    expect(await server.answer({ ...request, kind: "nodes", index: 0 })).to.equal(undefined);
    const failing = new BlobServer({ readBlob: () => Promise.reject(new Error("disk")) });
    expect(await failing.answer({ ...request, kind: "chunk", index: 0 })).to.equal(undefined);
  });

  it("makes no blob, where it knows the length, to say what it has, for what the blob has not, or for nodes again", async () => {
    let made = 0;
    const server = new BlobServer({ readBlob: async () => (made++, bytes), bytesOf: () => bytes.length });
    const { root } = shape;
    expect(await server.answer({ kind: "chunk", root, leafBytes: 256, index: 5 })).to.equal(undefined);
    expect(await server.answer({ kind: "chunk", root, leafBytes: 256, index: 0xffffffff })).to.equal(undefined);
    expect(await server.answer({ kind: "nodes", root, leafBytes: 512, index: 0 })).to.equal(undefined);
    expect(await server.answer({ kind: "have", root, leafBytes: 256, index: 0 })).to.deep.equal(Uint8Array.of(31));
    expect(made).to.equal(0);
    expect(await server.answer({ kind: "chunk", root, leafBytes: 256, index: 4 })).to.have.length(3 * 256);
    expect(made).to.equal(1);

    const nodes = await server.answer({ kind: "nodes", root, leafBytes: 256, index: 0 });
    for (let other = 0; other < 9; other++)
      await server.answer({ kind: "chunk", root: `0x${String(other).repeat(64)}`, leafBytes: 256, index: 0 });
    const before = made;
    expect(await server.answer({ kind: "nodes", root, leafBytes: 256, index: 0 })).to.equal(nodes);
    expect(made).to.equal(before);
  });

  it("reads a blob once for concurrent requests, and again when others have taken its place in the cache", async () => {
    let reads = 0;
    const server = new BlobServer({ readBlob: async () => (reads++, new Uint8Array(20 * CHUNK_BYTES)) });
    const ask = (root: string, index: number) =>
      server.answer({ kind: "chunk", root: `0x${root.repeat(64)}`, leafBytes: 256, index });
    await Promise.all([ask("a", 0), ask("a", 1), ask("a", 2)]);
    await ask("a", 3);
    expect(reads).to.equal(1);
    await ask("b", 0);
    await ask("a", 4);
    expect(reads).to.equal(3);
  });
});

describe("a memory network's injected faults", () => {
  const join = (hub: MemoryHub, key: number, fault?: "withhold" | "corrupt" | "stall") =>
    hub.join(
      {
        privateKey: new Uint8Array(32).fill(key),
        topic: "t",
        isRegistered: async () => true,
        onMessage: async () => "accepted",
        blobs: { readBlob: async () => bytes },
        chunkTimeoutMs: 60_000,
        maxBlobBytes: bytes.length,
      },
      () => fault,
    );

  it("end as the real ones do, and a stall ends at once", async () => {
    const hub = new MemoryHub();
    const client = await join(hub, 1);
    const faults = ["withhold", "corrupt", "stall", undefined] as const;
    const holders = await Promise.all(faults.map((fault, i) => join(hub, 2 + i, fault)));
    const fetch = async (which: number) => {
      const holder = holders[which] as Network;
      await client.connect(holder.contacts());
      const fetching = client.fetchBlob(shape, [holder.self], NEVER);
      return fetching.finally(() => hub.disconnect(client.self, holder.self));
    };
    expect(await rejectionOf(fetch(0))).to.equal("not-found");
    expect(await rejectionOf(fetch(1))).to.equal("bad-blob");
    expect(await rejectionOf(fetch(2))).to.equal("timeout");
    expect(await fetch(3)).to.have.length(bytes.length);
  });
});
