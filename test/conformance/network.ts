import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Address, Hex } from "../../node/core/bytes.ts";
import {
  MAX_MESSAGE_BYTES,
  MAX_JOBS,
  type BlobShape,
  type Host,
  type HostOptions,
  type Network,
  type NetworkOptions,
  type Verdict,
} from "../../node/network/network.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { until } from "../helpers/until.ts";

export type CreateHost = (options: HostOptions) => Promise<Host>;

/** One peer under test, with what it has received and what it holds. */
interface Peer {
  readonly host: Host;
  readonly network: Network;
  readonly received: string[];
  /** What readBlob answers; a promise that never resolves is a holder that stalls. */
  readonly held: Map<Hex, Uint8Array | Promise<never>>;
}

const NEVER = new AbortController().signal;
const stalled = (): Promise<never> => new Promise(() => undefined);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every host and its networks must do. `newWorld` gives a way to create hosts that can reach each other. */
export function describeNetworkConformance(name: string, newWorld: () => CreateHost): void {
  describe(`${name}: conformance of a network`, function () {
    this.timeout(20_000);
    let create: CreateHost;
    let hosts: Host[];
    let unregistered: Set<Address>;

    beforeEach(() => {
      create = newWorld();
      hosts = [];
      unregistered = new Set();
    });
    afterEach(() => Promise.all(hosts.map((host) => host.stop())));

    const newHost = async (chunkTimeoutMs = 5_000): Promise<Host> => {
      const host = await create({ privateKey: new Uint8Array(32).fill(hosts.length + 1), chunkTimeoutMs });
      hosts.push(host);
      return host;
    };

    /** Follows a job on a host. */
    const follow = async (
      host: Host,
      topic: string,
      judge: (text: string) => Verdict = () => "accepted",
      options: Partial<NetworkOptions> = {},
    ): Promise<Peer> => {
      const received: string[] = [];
      const held: Peer["held"] = new Map();
      const network = await host.follow({
        topic,
        isRegistered: async (operator) => !unregistered.has(operator),
        onMessage: async (message) => {
          const text = new TextDecoder().decode(message);
          received.push(text);
          return judge(text);
        },
        blobs: { readBlob: async (root) => held.get(root) },
        maxBlobBytes: 4 * 1024 * 1024,
        ...options,
      });
      return { host, network, received, held };
    };
    const join = async (
      judge?: (text: string) => Verdict,
      options: Partial<NetworkOptions> & { readonly chunkTimeoutMs?: number } = {},
    ): Promise<Peer> => follow(await newHost(options.chunkTimeoutMs), "paceline/test", judge, options);
    /** Connects and waits until both sides know. */
    const connect = async (from: Peer, to: Peer): Promise<void> => {
      await from.network.connect(to.network.contacts());
      await until(
        () => from.network.peers().includes(to.network.self) && to.network.peers().includes(from.network.self),
      );
    };
    const fetch = (peer: Peer, shape: BlobShape, holders: readonly Peer[], signal = NEVER): Promise<Uint8Array> =>
      peer.network.fetchBlob(
        shape,
        holders.map(({ network }) => network.self),
        signal,
      );
    const expectSame = (actual: Uint8Array, expected: Uint8Array): void => {
      expect(actual.length).to.equal(expected.length);
      expect(Buffer.compare(actual, expected)).to.equal(0);
    };

    describe("messages", () => {
      it("reach every peer of a full mesh once, and not their author", async () => {
        const all = [await join(), await join(), await join(), await join(), await join()];
        await Promise.all(all.flatMap((from, i) => all.slice(i + 1).map((to) => connect(from, to))));
        for (const [i, { network }] of all.entries()) await network.publish(bytesOf(`from ${i}`));
        await until(() => all.every(({ received }) => received.length >= 4));
        for (const [i, { received }] of all.entries()) {
          expect(received.toSorted()).to.deep.equal([0, 1, 2, 3, 4].filter((j) => j !== i).map((j) => `from ${j}`));
        }
        expect(all.map(({ network }) => network.counters().messagesReceived)).to.deep.equal([4, 4, 4, 4, 4]);
      });

      it("are published without an error where nobody listens", async () => {
        const alone = await join();
        await alone.network.publish(bytesOf("hello?"));
        expect(alone.network.peers()).to.deep.equal([]);
      });

      it("go through others where there is no direct connection, right after connecting", async () => {
        const [a, b, c] = [await join(), await join(), await join()];
        await connect(b, c);
        await a.network.connect(b.network.contacts());
        await a.network.publish(bytesOf("hop"));
        await until(() => c.received.length > 0);
        expect([a.received, b.received, c.received]).to.deep.equal([[], ["hop"], ["hop"]]);
      });

      it("are forwarded when accepted only", async () => {
        const verdicts: Record<string, Verdict> = { bad: "rejected", early: "ignored", good: "accepted" };
        const judge = (text: string): Verdict => verdicts[text] ?? "rejected";
        const [a, b, c] = [await join(), await join(judge), await join()];
        await connect(a, b);
        await connect(b, c);
        for (const text of ["bad", "early", "good"]) await a.network.publish(bytesOf(text));
        await until(() => c.received.length > 0);
        expect(b.received.toSorted()).to.deep.equal(["bad", "early", "good"]);
        expect(c.received).to.deep.equal(["good"]);
      });

      it("are ignored when their validator fails", async () => {
        const failing = (text: string): Verdict => {
          if (text === "first") throw new Error("no such round");
          return "accepted";
        };
        const [a, b] = [await join(), await join(failing)];
        await connect(a, b);
        await a.network.publish(bytesOf("first"));
        await a.network.publish(bytesOf("second"));
        await until(() => b.received.includes("second"));
        expect(b.network.peers()).to.deep.equal([a.network.self]);
      });

      it("may be published again for those who joined later, and are judged once by those who had them", async () => {
        const [a, b] = [await join(), await join()];
        await connect(a, b);
        await a.network.publish(bytesOf("opening"));
        await until(() => b.received.length === 1);
        const late = await join();
        await connect(b, late);
        await a.network.publish(bytesOf("opening"));
        await until(() => late.received.length === 1);
        expect(b.received).to.deep.equal(["opening"]);
      });

      it("are judged again if they were ignored and come again", async () => {
        let ready = false;
        const [a, b] = [await join(), await join(() => (ready ? "accepted" : "ignored"))];
        await connect(a, b);
        await a.network.publish(bytesOf("opening"));
        await until(() => b.received.length === 1);
        ready = true;
        await a.network.publish(bytesOf("opening"));
        await until(() => b.received.length === 2);
      });

      it("have 1 to MAX_MESSAGE_BYTES bytes", async () => {
        const [a, b] = [await join(), await join()];
        await connect(a, b);
        expect(await rejectionOf(a.network.publish(new Uint8Array(MAX_MESSAGE_BYTES + 1)))).to.equal("bad-argument");
        expect(await rejectionOf(a.network.publish(new Uint8Array(0)))).to.equal("bad-argument");
        await a.network.publish(new Uint8Array(MAX_MESSAGE_BYTES).fill(65));
        await until(() => b.received.length === 1);
        expect(b.received[0]).to.have.length(MAX_MESSAGE_BYTES);
      });
    });

    describe("connections", () => {
      it("are refused to an operator that is not registered, whoever dials, and it gets nothing", async () => {
        const [a, b, stranger] = [await join(), await join(), await join()];
        const { bytes, shape } = randomBlob(3, 256, 1);
        a.held.set(shape.root, bytes);
        unregistered.add(stranger.network.self);
        expect(await rejectionOf(stranger.network.connect(a.network.contacts()))).to.equal("not-registered");
        expect(await rejectionOf(a.network.connect(stranger.network.contacts()))).to.equal("not-registered");
        await connect(a, b);
        await a.network.publish(bytesOf("members only"));
        await until(() => b.received.length === 1);
        expect(await rejectionOf(fetch(stranger, shape, [a]))).to.equal("not-found");
        expect(stranger.received).to.deep.equal([]);
        expect(a.network.peers()).to.deep.equal([b.network.self]);
        expect(stranger.network.peers()).to.deep.equal([]);
      });

      it("are refused while the registry cannot be asked", async () => {
        const failing = { isRegistered: () => Promise.reject(new Error("no endpoint")) };
        const [a, b] = [await join(), await join(undefined, failing)];
        expect(await rejectionOf(a.network.connect(b.network.contacts()))).to.equal("not-registered");
        expect(await rejectionOf(b.network.connect(a.network.contacts()))).to.equal("not-registered");
      });

      it("are made once, whoever dials again", async () => {
        const [a, b] = [await join(), await join()];
        await Promise.all([a.network.connect(b.network.contacts()), b.network.connect(a.network.contacts())]);
        await a.network.connect(b.network.contacts());
        expect(a.network.peers()).to.deep.equal([b.network.self]);
        expect(b.network.peers()).to.deep.equal([a.network.self]);
      });

      it("cannot be made to a peer that is gone, or by contacts that are none", async () => {
        const [a, b] = [await join(), await join()];
        const contacts = b.network.contacts();
        await b.host.stop();
        expect(await rejectionOf(a.network.connect(contacts))).to.equal("timeout");
        expect(await rejectionOf(a.network.connect(["nonsense"]))).to.equal("bad-argument");
        expect(await rejectionOf(a.network.connect([]))).to.equal("bad-argument");
      });
    });

    describe("blobs", () => {
      // One leaf; not a power of two; a whole chunk; several chunks with a last one that is cut, and one of a single leaf.
      for (const [leafCount, leafBytes] of [
        [1, 256],
        [5, 256],
        [1557, 256],
        [4096, 256],
        [4113, 256],
        [1, 512],
        [777, 512],
        [4097, 512],
      ] as const) {
        it(`of ${leafCount} leaves of ${leafBytes} bytes arrive as they were`, async () => {
          const [a, b] = [await join(), await join()];
          const { bytes, shape } = randomBlob(leafCount, leafBytes, leafCount);
          a.held.set(shape.root, bytes);
          await connect(a, b);
          expectSame(await fetch(b, shape, [a]), bytes);
          expect(b.network.counters().bytesReceived).to.be.at.least(bytes.length);
          expect(a.network.counters().bytesSent).to.be.at.least(bytes.length);
        });
      }

      it("come from the next holder where one does not hold them, or is not connected", async () => {
        const [without, absent, holder, b] = [await join(), await join(), await join(), await join()];
        const { bytes, shape } = randomBlob(4113, 256, 2);
        holder.held.set(shape.root, bytes);
        await Promise.all([connect(b, without), connect(b, holder)]);
        expectSame(await fetch(b, shape, [without, absent, holder]), bytes);
        expect(await rejectionOf(fetch(b, shape, [without, absent]))).to.equal("not-found");
        expect(await rejectionOf(fetch(b, shape, []))).to.equal("not-found");
      });

      for (const place of ["in the first chunk", "in the last chunk"]) {
        it(`come from the next holder where one serves wrong bytes ${place}`, async () => {
          const [liar, holder, b] = [await join(), await join(), await join()];
          const { bytes, shape } = randomBlob(4113, 256, 3);
          const wrong = bytes.slice();
          const at = place === "in the first chunk" ? 5 : wrong.length - 1;
          wrong[at] = (wrong[at] as number) ^ 128;
          liar.held.set(shape.root, wrong);
          holder.held.set(shape.root, bytes);
          await Promise.all([connect(b, liar), connect(b, holder)]);
          expectSame(await fetch(b, shape, [liar, holder]), bytes);
          expect(await rejectionOf(fetch(b, shape, [liar]))).to.equal("bad-blob");
        });
      }

      it("are refused where their holder has another length than the shape", async () => {
        const [a, b] = [await join(), await join()];
        const { bytes, shape } = randomBlob(1000, 256, 4);
        const { bytes: longer } = randomBlob(1001, 256, 5);
        a.held.set(shape.root, longer);
        await connect(a, b);
        expect(await rejectionOf(fetch(b, shape, [a]))).to.equal("bad-blob");
        const [c, d] = [await join(), await join()];
        c.held.set(shape.root, bytes.subarray(0, 256));
        await connect(c, d);
        expect(await rejectionOf(fetch(d, shape, [c]))).to.equal("bad-blob");
      });

      it("are never accepted under a root that is not theirs", async () => {
        const [a, b] = [await join(), await join()];
        const { bytes, shape } = randomBlob(64, 256, 6);
        const other = randomBlob(64, 256, 7).shape;
        a.held.set(shape.root, bytes);
        a.held.set(other.root, bytes);
        await connect(a, b);
        expect(await rejectionOf(fetch(b, other, [a]))).to.equal("bad-blob");
        // The same bytes and root, cut into leaves of another size.
        expect(await rejectionOf(fetch(b, { ...shape, leafBytes: 512, leafCount: 32 }, [a]))).to.equal("bad-blob");
        expectSame(await fetch(b, shape, [a]), bytes);
      });

      it("come from the next holder where one stalls", async () => {
        const [staller, holder] = [await join(), await join()];
        const b = await join(undefined, { chunkTimeoutMs: 200 });
        const { bytes, shape } = randomBlob(20, 256, 8);
        staller.held.set(shape.root, stalled());
        holder.held.set(shape.root, bytes);
        await Promise.all([connect(b, staller), connect(b, holder)]);
        expectSame(await fetch(b, shape, [staller, holder]), bytes);
      });

      it("of which all holders stall end in `timeout`, and the next blob of such a holder arrives", async () => {
        const a = await join();
        const b = await join(undefined, { chunkTimeoutMs: 200 });
        const { bytes, shape } = randomBlob(20, 256, 9);
        const { shape: never } = randomBlob(20, 256, 10);
        a.held.set(shape.root, bytes);
        a.held.set(never.root, stalled());
        await connect(a, b);
        expect(await rejectionOf(fetch(b, never, [a]))).to.equal("timeout");
        expectSame(await fetch(b, shape, [a]), bytes);
      });

      it("larger than this peer accepts, or of no possible shape, are refused before anything is asked", async () => {
        const b = await join();
        const { shape } = randomBlob(1, 256, 11);
        for (const wrong of [
          { leafCount: 16_385 },
          { leafCount: 0 },
          { leafCount: 1.5 },
          { leafBytes: 0 },
          { leafBytes: 300 },
          { leafBytes: 128 },
          { leafBytes: 1024 },
          { root: "0x12" as Hex },
        ]) {
          expect(await rejectionOf(fetch(b, { ...shape, ...wrong }, [])), JSON.stringify(wrong)).to.equal(
            "bad-argument",
          );
        }
      });

      it("are fetched once for concurrent callers, one of whom may abort", async () => {
        const [a, b] = [await join(), await join()];
        const { bytes, shape } = randomBlob(8192, 256, 12);
        a.held.set(shape.root, bytes);
        await connect(a, b);
        const first = new AbortController();
        const fetches = [fetch(b, shape, [a], first.signal), fetch(b, shape, [a]), fetch(b, shape, [])];
        first.abort();
        const [aborted, second, third] = await Promise.allSettled(fetches);
        expect(aborted?.status).to.equal("rejected");
        expectSame((second as PromiseFulfilledResult<Uint8Array>).value, bytes);
        expectSame((third as PromiseFulfilledResult<Uint8Array>).value, bytes);
        expect(b.network.counters().bytesReceived).to.be.below(bytes.length * 1.5);
      });

      it("are given up when aborted", async () => {
        const [a, b] = [await join(), await join()];
        const { shape } = randomBlob(20, 256, 13);
        const late = new Promise<never>((_, reject) =>
          setImmediate(() => setImmediate(() => reject(new Error("gone")))),
        );
        late.catch(() => undefined); // it may be gone before anybody asks for it
        a.held.set(shape.root, late);
        await connect(a, b);
        const abort = new AbortController();
        const fetching = rejectionOf(fetch(b, shape, [a], abort.signal));
        abort.abort();
        expect(await fetching).to.equal("closed");
        expect(await rejectionOf(fetch(b, shape, [a], abort.signal))).to.equal("closed");
      });

      it("are fetched by many from many at a time", async () => {
        const all = [await join(), await join(), await join(), await join()];
        await Promise.all(all.flatMap((from, i) => all.slice(i + 1).map((to) => connect(from, to))));
        const blobs = all.map((_, i) => randomBlob(600 + i, 256, 20 + i));
        all.forEach(({ held }, i) =>
          held.set((blobs[i] as (typeof blobs)[0]).shape.root, (blobs[i] as (typeof blobs)[0]).bytes),
        );
        const fetched = all.flatMap((peer, i) =>
          blobs.flatMap(({ bytes, shape }, j) =>
            i === j ? [] : [fetch(peer, shape, [all[j] as Peer]).then((got) => expectSame(got, bytes))],
          ),
        );
        await Promise.all(fetched);
        expect(fetched).to.have.length(12);
      });
    });

    describe("a host of several jobs", () => {
      it("keeps their messages apart, also of one that is followed when the connection stands", async () => {
        const [one, other] = [await newHost(), await newHost()];
        const [a1, b1] = [await follow(one, "job/1"), await follow(other, "job/1")];
        const a2 = await follow(one, "job/2");
        await connect(a1, b1);
        expect(a2.network.peers()).to.deep.equal([]);
        const b2 = await follow(other, "job/2");
        await until(() => a2.network.peers().length === 1 && b2.network.peers().length === 1);
        await a1.network.publish(bytesOf("first"));
        await b2.network.publish(bytesOf("second"));
        await until(() => b1.received.length === 1 && a2.received.length === 1);
        expect([a1.received, b1.received, a2.received, b2.received]).to.deep.equal([[], ["first"], ["second"], []]);
        expect(one.connected()).to.deep.equal([other.self]);
      });

      it("serves the blobs of all of them, each while it is followed", async () => {
        const [one, other] = [await newHost(), await newHost()];
        const [a1, b1, a2] = [await follow(one, "job/1"), await follow(other, "job/1"), await follow(one, "job/2")];
        const [first, second] = [randomBlob(20, 256, 30), randomBlob(21, 256, 31)];
        a1.held.set(first.shape.root, first.bytes);
        a2.held.set(second.shape.root, second.bytes);
        await connect(a1, b1);
        expectSame(await fetch(b1, first.shape, [a1]), first.bytes);
        expectSame(await fetch(b1, second.shape, [a1]), second.bytes);
        await a2.network.stop();
        expect(await rejectionOf(fetch(b1, second.shape, [a1]))).to.equal("not-found");
        expectSame(await fetch(b1, first.shape, [a1]), first.bytes);
      });

      it("goes on when one is left, and may follow it again", async () => {
        const [one, other] = [await newHost(), await newHost()];
        const [a1, b1] = [await follow(one, "job/1"), await follow(other, "job/1")];
        const [a2, b2] = [await follow(one, "job/2"), await follow(other, "job/2")];
        await connect(a1, b1);
        await until(() => a2.network.peers().length === 1 && b2.network.peers().length === 1);
        await b1.network.stop();
        await until(() => a1.network.peers().length === 0);
        expect(a2.network.peers()).to.deep.equal([other.self]);
        expect(await rejectionOf(b1.network.publish(bytesOf("late")))).to.equal("closed");
        const again = await follow(other, "job/1");
        await until(() => a1.network.peers().length === 1 && again.network.peers().length === 1);
        await a1.network.publish(bytesOf("again"));
        await until(() => again.received.length === 1);
        expect(b1.received).to.deep.equal([]);
      });

      it("connects to a peer of another job, which gets nothing of this one", async () => {
        const [one, other] = [await newHost(), await newHost()];
        const [a, b] = [await follow(one, "job/1"), await follow(other, "job/2")];
        await one.connect(other.contacts());
        await until(() => other.connected().length === 1);
        expect(one.connected()).to.deep.equal([other.self]);
        expect([a.network.peers(), b.network.peers()]).to.deep.equal([[], []]);
        await a.network.publish(bytesOf("mine"));
        expect(b.received).to.deep.equal([]);
      });

      it("follows a topic once, and no more than MAX_JOBS", async () => {
        const host = await newHost();
        for (let job = 0; job < MAX_JOBS; job++) await follow(host, `job/${job}`);
        expect(await rejectionOf(follow(host, "job/0"))).to.equal("bad-argument");
        expect(await rejectionOf(follow(host, "one more"))).to.equal("bad-argument");
      });

      it("admits nobody while it follows nothing", async () => {
        const [idle, a] = [await newHost(), await join()];
        expect(await rejectionOf(a.host.connect(idle.contacts()))).to.equal("not-registered");
        expect(await rejectionOf(idle.connect(a.host.contacts()))).to.equal("not-registered");
      });
    });

    describe("operators whose contacts are not known", () => {
      it("are found by asking peers that know them, and where they were met before", async () => {
        const [a, b, c] = [await join(), await join(), await join()];
        await Promise.all([connect(a, b), connect(c, b)]);
        let found: readonly string[] | undefined;
        while (found === undefined) {
          found = (await a.network.locate([c.network.self])).get(c.network.self);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        await a.network.connect(found);
        expect(a.network.peers()).to.deep.equal([b.network.self, c.network.self].sort());
        await b.host.stop();
        expect([...(await a.network.locate([b.network.self])).keys()]).to.deep.equal([b.network.self]);
      });

      it("are where they publish that they are, unless they cannot be there", async () => {
        const [a, b, c] = [await join(), await join(), await join()];
        const announced = new Map([
          [b.network.self, b.network.contacts()],
          [c.network.self, b.network.contacts()],
        ]);
        const located = await a.network.locate([b.network.self, c.network.self], announced);
        expect([...located]).to.deep.equal([[b.network.self, b.network.contacts()]]);
      });

      it("are left out where nobody knows them", async () => {
        const [a, b, stranger] = [await join(), await join(), await join()];
        await connect(a, b);
        expect([...(await a.network.locate([stranger.network.self, a.network.self]))]).to.deep.equal([]);
        await a.network.stop();
        expect(await rejectionOf(a.network.locate([b.network.self]))).to.equal("closed");
      });
    });

    describe("operators that are members no more", () => {
      it("are dropped at once and refused, until they are members again", async () => {
        const [a, b, c] = [await join(), await join(), await join()];
        await Promise.all([connect(a, b), connect(a, c)]);
        a.network.setFormer([b.network.self]);
        await until(() => b.host.connected().length === 0);
        expect(a.host.connected()).to.deep.equal([c.network.self]);
        expect(await rejectionOf(a.network.connect(b.network.contacts()))).to.equal("not-registered");
        expect(await rejectionOf(b.network.connect(a.network.contacts()))).to.equal("not-registered");
        a.network.setFormer([]);
        await connect(b, a);
      });

      it("stay connected while another job of the host admits them", async () => {
        const [one, other] = [await newHost(), await newHost()];
        const [a1, b1] = [await follow(one, "job/1"), await follow(other, "job/1")];
        const a2 = await follow(one, "job/2");
        await connect(a1, b1);
        a1.network.setFormer([other.self]);
        await a1.network.publish(bytesOf("still here"));
        await until(() => b1.received.length === 1);
        a2.network.setFormer([other.self]);
        await until(() => other.connected().length === 0);
      });

      it("and operators that the registry does not know any longer are dropped as soon as members change", async () => {
        const [a, b] = [await join(), await join()];
        await connect(a, b);
        unregistered.add(b.network.self);
        a.network.setFormer([]);
        await until(() => b.host.connected().length === 0);
      });
    });

    describe("operators that the registry knew, while it cannot be asked,", () => {
      it("stay, but for those that are members no more", async () => {
        let isUp = true;
        const isRegistered = async (): Promise<boolean> => {
          if (!isUp) throw new Error("no endpoint");
          return true;
        };
        const a = await join(undefined, { isRegistered });
        const [b, c] = [await join(), await join()];
        await Promise.all([connect(a, b), connect(a, c)]);
        isUp = false;
        a.network.setFormer([c.network.self]);
        await until(() => c.host.connected().length === 0);
        await a.network.publish(bytesOf("still here"));
        await until(() => b.received.length === 1);
        expect(a.host.connected()).to.deep.equal([b.network.self]);
        expect(await rejectionOf(c.network.connect(a.network.contacts()))).to.equal("not-registered");
        const late = await join();
        expect(await rejectionOf(late.network.connect(a.network.contacts()))).to.equal("not-registered");
      });
    });

    describe("stop", () => {
      it("of a host closes the connections, ends what is being fetched, and may be called twice", async () => {
        const [a, b] = [await join(), await join()];
        const { shape } = randomBlob(20, 256, 14);
        a.held.set(shape.root, stalled());
        await connect(a, b);
        const fetching = rejectionOf(fetch(b, shape, [a]));
        await b.host.stop();
        await b.host.stop();
        await b.network.stop();
        expect(["closed", "timeout"]).to.include(await fetching);
        await until(() => a.network.peers().length === 0);
        expect(b.network.peers()).to.deep.equal([]);
      });

      it("makes later calls throw `closed`", async () => {
        const [a, b] = [await join(), await join()];
        await a.network.stop();
        expect(await rejectionOf(a.network.publish(bytesOf("late")))).to.equal("closed");
        expect(await rejectionOf(a.network.connect(b.network.contacts()))).to.equal("closed");
        expect(await rejectionOf(fetch(a, randomBlob(1, 256, 15).shape, [b]))).to.equal("closed");
        expect(a.network.counters().messagesReceived).to.equal(0);
        await a.host.stop();
        await a.host.stop();
        expect(await rejectionOf(a.host.connect(b.host.contacts()))).to.equal("closed");
        expect(await rejectionOf(follow(a.host, "late"))).to.equal("closed");
        expect(a.host.connected()).to.deep.equal([]);
      });
    });
  });
}
