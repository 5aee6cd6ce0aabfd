import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import type { PacelineError } from "../../node/core/errors.ts";
import { encodeRequest, type BlobRequest } from "../../node/network/blobs/frames.ts";
import type { PipeEvents } from "../../node/network/blobs/pipe.ts";
import { serveBlobs } from "../../node/network/blobs/serve.ts";
import { TransferLimits } from "../../node/network/blobs/transferLimits.ts";
import { ManualClock } from "../helpers/manualClock.ts";

const CHUNK = new Uint8Array(2 ** 20);
const request: BlobRequest = { kind: "chunk", root: `0x${"ab".repeat(32)}`, leafBytes: 256, index: 0 };
const operator = (index: number): Address => `0x${index.toString(16).padStart(40, "0")}`;

/** A host on a manual clock, and streams to it of peers that take what they ask for, or nothing. */
class ServingHost {
  readonly clock = new ManualClock();
  readonly limits = new TransferLimits({}, this.clock);
  readonly violations: PacelineError[] = [];
  /** Requests of which an answer was read. */
  reads = 0;

  open(peer: Address, { isStranger = false, takes = true } = {}) {
    let events: PipeEvents | undefined;
    let sent = 0;
    const drains = Promise.withResolvers<undefined>();
    drains.promise.catch(() => undefined); // nobody may be waiting
    const close = (): void => {
      events?.onClose();
      drains.reject(new Error("the stream closed"));
    };
    serveBlobs(
      (given) => {
        events = given;
        return {
          send: (bytes) => void (sent += bytes.length),
          queued: () => (takes ? 0 : sent),
          drained: () => drains.promise,
          abort: close,
        };
      },
      {
        peer,
        isStranger: () => isStranger,
        limits: this.limits,
        clock: this.clock,
        answer: () => (this.reads++, Promise.resolve(CHUNK)),
      },
      (error) => this.violations.push(error),
    );
    return {
      ask: (): void => events?.onData(encodeRequest(1, request)),
      close,
      sent: (): number => sent,
    };
  }

  /** Each opens so many streams, asks on all, and takes nothing. */
  async stall(peers: readonly Address[], streams: number, isStranger: boolean): Promise<void> {
    for (const peer of peers) for (let i = 0; i < streams; i++) this.open(peer, { isStranger, takes: false }).ask();
    await this.clock.advance(0);
  }
}

describe("a host that serves blobs", () => {
  for (const [who, isStranger] of [
    ["members", false],
    ["strangers", true],
  ] as const) {
    it(`answers ${who} while others of them take nothing of what they ask for on all their streams`, async () => {
      const host = new ServingHost();
      const stalling = Array.from({ length: 8 }, (_, i) => operator(i + 1));
      await host.stall(stalling, 8, isStranger);
      const honest = host.open(operator(99), { isStranger });
      honest.ask();
      await host.clock.advance(10_000); // strangers wait for their rate
      expect(honest.sent()).to.be.above(CHUNK.length);
    });
  }

  it("reports a peer that does not take an answer within a minute, and closes its stream", async () => {
    const host = new ServingHost();
    await host.stall([operator(1)], 1, false);
    await host.clock.advance(59_000);
    expect(host.violations).to.deep.equal([]);
    await host.clock.advance(2_000);
    expect(host.violations.map(({ code }) => code)).to.deep.equal(["timeout"]);
    await host.stall([operator(1)], 2, false); // its slot is free again
    expect(host.reads).to.equal(3);
  });

  it("forgets what was asked on a stream that has closed, whatever it was waiting for", async () => {
    const host = new ServingHost();
    await host.stall([operator(1)], 1, true);
    for (let i = 0; i < 100; i++) {
      const stream = host.open(operator(1), { isStranger: true });
      stream.ask();
      stream.close();
    }
    await host.clock.advance(70_000);
    expect(host.reads).to.equal(1);
    expect(host.clock.waiting).to.equal(0);
  });
});
