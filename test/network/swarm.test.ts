import { expect } from "chai";
import fc from "fast-check";
import { before, describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { CHUNK_BYTES, chunkOf } from "../../node/core/chunks.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { bitmapOf } from "../../node/network/blobs/bitmap.ts";
import { fetchVerified, type FetchOptions } from "../../node/network/blobs/fetch.ts";
import type { BlobRequest } from "../../node/network/blobs/frames.ts";
import { BlobServer } from "../../node/network/blobs/server.ts";
import type { Holder } from "../../node/network/blobs/source.ts";
import { BlobVerifier } from "../../node/network/blobs/verifier.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { ManualClock } from "../helpers/manualClock.ts";
import { SEEDED } from "../helpers/seeded.ts";

/** Leaves of the largest size, so that hashing takes no time. */
const { bytes, shape } = randomBlob(8 * 256 + 3, 4096, 1); // nine chunks, the last of three leaves
const CHUNKS = 9;
const NEVER = new AbortController().signal;

type Behaviour = (request: BlobRequest) => "serve" | "stall" | "corrupt" | "lack" | "break";

const server = new BlobServer({ readBlob: async () => bytes });
/** Hashed once, so that no answer takes a turn of the event loop. */
before(() => server.answer({ kind: "nodes", root: shape.root, leafBytes: 4096, index: 0 }));

/** A holder on a manual clock that takes `msPerChunk` for each answer, one after another. */
class Peer implements Holder {
  readonly operator: Address;
  readonly served: number[] = [];
  reports = 0;
  readonly #clock: ManualClock;
  readonly #msPerChunk: number;
  readonly #behave: Behaviour;
  #queue = 0;

  constructor(name: number, clock: ManualClock, msPerChunk: number, behave: Behaviour = () => "serve") {
    this.operator = `0x${String(name).padStart(40, "0")}`;
    this.#clock = clock;
    this.#msPerChunk = msPerChunk;
    this.#behave = behave;
  }

  load(): number {
    return this.#queue;
  }

  rate(): number | undefined {
    return undefined;
  }

  reportWrongBytes(): void {
    this.reports++;
  }

  async request(request: BlobRequest, target: Uint8Array, signal: AbortSignal): Promise<boolean> {
    this.#queue++;
    try {
      await this.#wait(request.kind === "chunk" ? this.#queue * this.#msPerChunk : 1, signal);
      const behaviour = this.#behave(request);
      if (behaviour === "lack") return false;
      if (behaviour === "break") throw new PacelineError("bad-message", "told to");
      if (behaviour === "stall") {
        await this.#wait(10_000, signal);
        throw new PacelineError("timeout", "told to");
      }
      const answer = await server.answer(request);
      if (signal.aborted) throw new PacelineError("closed", "aborted");
      target.set(answer as Uint8Array);
      if (behaviour === "corrupt") target[0] = (target[0] as number) ^ 1;
      if (request.kind === "chunk") this.served.push(request.index);
      return true;
    } finally {
      this.#queue--;
    }
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, resolve);
      signal.addEventListener("abort", () => {
        cancel();
        reject(new PacelineError("closed", "aborted"));
      });
    });
  }
}

const fetchOn = (clock: ManualClock, options: Partial<FetchOptions>): Promise<Uint8Array> =>
  clock.until(
    fetchVerified({ verifier: new BlobVerifier(shape), holders: [], signal: NEVER, clock, ...options }),
    120_000,
  );

const expectWhole = (fetched: Uint8Array): void => {
  expect(Buffer.compare(fetched, bytes)).to.equal(0);
};

describe("a fetch from several holders", () => {
  it("spreads the chunks over them, more on the faster ones, and asks for each once", async () => {
    const clock = new ManualClock();
    const peers = [new Peer(1, clock, 100), new Peer(2, clock, 100), new Peer(3, clock, 400)];
    expectWhole(await fetchOn(clock, { holders: peers }));
    const counts = peers.map(({ served }) => served.length);
    expect(counts.reduce((sum, count) => sum + count)).to.equal(CHUNKS);
    expect(counts[0]).to.be.within(3, 4);
    expect(counts[1]).to.be.within(3, 4);
    expect(counts[2]).to.be.within(1, 3);
  });

  it("takes the chunks of one that stalls in the middle from the others within a second or so", async () => {
    const clock = new ManualClock();
    const staller = new Peer(1, clock, 10, ({ index }) => (index >= 3 ? "stall" : "serve"));
    expectWhole(await fetchOn(clock, { holders: [staller, new Peer(2, clock, 50)] }));
    expect(clock.now()).to.be.below(2_000);
  });

  it("takes over the nodes and a single chunk as well", async () => {
    const clock = new ManualClock();
    const small = randomBlob(5, 256, 2);
    const smallServer = new BlobServer({ readBlob: async () => small.bytes });
    const mute: Holder = {
      operator: `0x${"a".repeat(40)}`,
      load: () => 0,
      rate: () => undefined,
      reportWrongBytes: () => undefined,
      request: () => new Promise(() => undefined),
    };
    const good: Holder = {
      ...mute,
      operator: `0x${"b".repeat(40)}`,
      request: async (request, target) => (target.set((await smallServer.answer(request)) as Uint8Array), true),
    };
    const fetching = fetchVerified({
      verifier: new BlobVerifier(small.shape),
      holders: [mute, good],
      signal: NEVER,
      clock,
    });
    expect(Buffer.compare(await clock.until(fetching, 5_000), small.bytes)).to.equal(0);
    const stuck = new Peer(1, clock, 10, ({ kind }) => (kind === "nodes" ? "stall" : "serve"));
    expectWhole(await fetchOn(clock, { holders: [stuck, new Peer(2, clock, 10)] }));
  });

  it("does not ask a slow link's chunk of another that would be no faster", async () => {
    const clock = new ManualClock();
    const slow = [1, 2].map((name) => {
      const peer = new Peer(name, clock, 2_000);
      peer.rate = () => CHUNK_BYTES / 2_000;
      return peer;
    });
    expectWhole(await fetchOn(clock, { holders: slow }));
    expect(slow.flatMap(({ served }) => served)).to.have.length(CHUNKS);
  });

  it("asks one that sent wrong bytes, of any chunk, for nothing more, and reports it", async () => {
    for (let wrong = 0; wrong < CHUNKS; wrong++) {
      const clock = new ManualClock();
      const liar = new Peer(1, clock, 1, ({ kind, index }) =>
        kind === "chunk" && index === wrong ? "corrupt" : "serve",
      );
      const honest = new Peer(2, clock, 200);
      expectWhole(await fetchOn(clock, { holders: [liar, honest] }));
      if (liar.served.includes(wrong)) {
        expect(liar.reports).to.equal(1);
        expect(liar.served.at(-1)).to.equal(wrong);
      }
      expect(honest.reports).to.equal(0);
    }
  });

  it("learns from those who are fetching as well what they have, and nothing from those who have none", async () => {
    const clock = new ManualClock();
    const partial = (name: number, has: (index: number) => boolean): Peer => {
      const peer = new Peer(name, clock, 10);
      const { request } = peer;
      peer.request = async (asked, target, signal) => {
        if (asked.kind !== "have") return has(asked.index) && request.call(peer, asked, target, signal);
        target.set(bitmapOf(CHUNKS, has));
        return true;
      };
      return peer;
    };
    const owner = new Peer(1, clock, 1_000);
    const early = partial(2, (index) => index >= 4);
    const empty = new Peer(3, clock, 10, () => "lack");
    expectWhole(await fetchOn(clock, { holders: [owner], others: [early, empty] }));
    expect(early.served).to.not.be.empty;
    expect(early.served.every((index) => index >= 4)).to.equal(true);
    expect(owner.served.length + early.served.length).to.equal(CHUNKS);
    expect(empty.served).to.deep.equal([]);
  });

  it("is not misled by one that lies about what it has", async () => {
    const clock = new ManualClock();
    const liar = new Peer(1, clock, 1, ({ kind }) => (kind === "chunk" ? "lack" : "serve"));
    expectWhole(await fetchOn(clock, { holders: [new Peer(2, clock, 50)], others: [liar] }));
    const alone = new Peer(3, clock, 1, ({ kind }) => (kind === "chunk" ? "lack" : "serve"));
    expect(await rejectionOf(fetchOn(clock, { holders: [alone] }))).to.equal("not-found");
  });

  it("gives up a holder that keeps one chunk back and says again and again that it has all", async () => {
    const clock = new ManualClock();
    const withholding = new Peer(1, clock, 1, ({ kind, index }) =>
      kind === "chunk" && index === 8 ? "lack" : "serve",
    );
    expect(await rejectionOf(fetchOn(clock, { holders: [withholding] }))).to.equal("not-found");
    expect(clock.now()).to.be.below(10_000);
    await clock.advance(1_000);
    expect(clock.waiting).to.equal(0);
  });

  it("gives up a holder that says slowly that it has more and more, and gives none of it, after a minute", async () => {
    const clock = new ManualClock();
    const slow = new Peer(1, clock, 1, ({ kind }) => (kind === "chunk" ? "lack" : "serve"));
    const { request } = slow;
    let claimed = 0;
    slow.request = async (asked, target, signal) => {
      if (asked.kind === "nodes") return request.call(slow, asked, target, signal);
      await new Promise<void>((resolve) => clock.after(20_000, resolve));
      if (asked.kind === "chunk") return false;
      claimed++;
      target.set(bitmapOf(CHUNKS, (index) => index < claimed));
      return true;
    };
    expect(await rejectionOf(fetchOn(clock, { holders: [slow] }))).to.equal("timeout");
    expect(clock.now()).to.be.within(60_000, 85_000);
  });

  it("stays with a holder that is still fetching and has more every few seconds", async () => {
    const clock = new ManualClock();
    const arriving = new Peer(1, clock, 10);
    const { request } = arriving;
    const has = (index: number): boolean => index < Math.floor(clock.now() / 4_500);
    arriving.request = async (asked, target, signal) => {
      if (asked.kind === "nodes") return request.call(arriving, asked, target, signal);
      if (asked.kind === "chunk") return has(asked.index) && request.call(arriving, asked, target, signal);
      target.set(bitmapOf(CHUNKS, has));
      return true;
    };
    expectWhole(await fetchOn(clock, { holders: [arriving] }));
    expect(arriving.served).to.have.length(CHUNKS);
  });

  it("prefers the rarest chunk", async () => {
    const clock = new ManualClock();
    const owner = new Peer(1, clock, 100);
    const common = [2, 3].map((name) => new Peer(name, clock, 10_000));
    for (const peer of common) {
      const { request } = peer;
      peer.request = async (asked, target, signal) => {
        if (asked.kind !== "have") return request.call(peer, asked, target, signal);
        target.set(bitmapOf(CHUNKS, (index) => index < 7));
        return true;
      };
    }
    const fetching = fetchVerified({
      verifier: new BlobVerifier(shape),
      holders: [owner],
      others: common,
      signal: NEVER,
      clock,
    });
    await clock.until(fetching, 120_000);
    expect(owner.served.slice(0, 2).toSorted()).to.deep.equal([7, 8]);
  });

  it("goes on from the chunks that were kept, checking each, and keeps those that come", async () => {
    const clock = new ManualClock();
    const written: number[] = [];
    const damaged = chunkOf(bytes, 4).slice();
    damaged[9] = (damaged[9] as number) ^ 1;
    const kept = new Map([0, 2, 4, 5].map((index) => [index, index === 4 ? damaged : chunkOf(bytes, index)]));
    const owner = new Peer(1, clock, 10);
    const saved = {
      held: [...kept.keys(), 8],
      read: async (index: number) => {
        if (index === 8) throw new PacelineError("storage-failed", "told to");
        return kept.get(index);
      },
      write: async (index: number, chunk: Uint8Array) => {
        expect(Buffer.compare(chunk, chunkOf(bytes, index))).to.equal(0);
        written.push(index);
      },
    };
    expectWhole(await fetchOn(clock, { holders: [owner], saved }));
    expect(owner.served.toSorted()).to.deep.equal([1, 3, 4, 6, 7, 8]);
    expect(written.toSorted()).to.deep.equal([1, 3, 4, 6, 7, 8]);
  });

  it("ends whole, or says why not, whatever its holders do, and leaves no timer behind", async () => {
    const behaviour = fc.constantFrom("serve", "serve", "serve", "stall", "corrupt", "lack", "break");
    const peer = fc.record({
      ms: fc.integer({ min: 1, max: 3_000 }),
      promised: fc.boolean(),
      acts: fc.array(behaviour, { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(peer, { minLength: 1, maxLength: 5 }), fc.boolean(), async (drawn, withHonest) => {
        const clock = new ManualClock();
        const peers = drawn.map(({ ms, acts }, i) => {
          let asked = 0;
          return new Peer(i + 1, clock, ms, () => acts[asked++ % acts.length] as ReturnType<Behaviour>);
        });
        const holders: Holder[] = peers.filter((_, i) => drawn[i]?.promised === true);
        if (withHonest) holders.push(new Peer(99, clock, 500));
        const others = peers.filter((_, i) => drawn[i]?.promised !== true);
        let result: Uint8Array | PacelineError;
        try {
          result = await fetchOn(clock, { holders, others });
        } catch (error) {
          result = error as PacelineError;
        }
        if (result instanceof Uint8Array) expectWhole(result);
        else expect(result.code).to.be.oneOf(["not-found", "timeout", "bad-blob"]);
        if (withHonest) expect(result).to.be.instanceOf(Uint8Array);
        await clock.advance(20_000);
        expect(clock.waiting).to.equal(0);
      }),
      { ...SEEDED, numRuns: 25 },
    );
  }).timeout(60_000);

  it("stops at once when aborted", async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const fetching = rejectionOf(
      fetchVerified({
        verifier: new BlobVerifier(shape),
        holders: [new Peer(1, clock, 100)],
        signal: abort.signal,
        clock,
      }),
    );
    await clock.advance(150);
    abort.abort();
    expect(await fetching).to.equal("closed");
    await clock.advance(1_000);
    expect(clock.waiting).to.equal(0);
  });
});
