import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { Slots } from "../../node/network/blobs/slots.ts";
import { TokenBucket } from "../../node/network/blobs/tokenBucket.ts";
import { TransferLimits } from "../../node/network/blobs/transferLimits.ts";
import type { Address } from "../../node/core/bytes.ts";
import { CHUNK_BYTES } from "../../node/core/chunks.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { ManualClock } from "../helpers/manualClock.ts";
import { SEEDED } from "../helpers/seeded.ts";

const NEVER = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const peer = (digit: string): Address => `0x${digit.repeat(40)}`;

/** When each of these takes is let through, in milliseconds. */
async function passages(bytesPerSecond: number, takes: readonly number[]): Promise<readonly number[]> {
  const clock = new ManualClock();
  const bucket = new TokenBucket(bytesPerSecond, clock);
  const passed: number[] = [];
  for (const bytes of takes) void bucket.take(bytes).then(() => passed.push(clock.now()));
  await clock.advance(20_000_000);
  return passed;
}

describe("a token bucket", () => {
  it("lets a burst through and then holds the rate, with chunks longer than the burst as well", async () => {
    expect(await passages(1_000_000, [100_000, 150_000, 1, 1_000_000, 1, 1])).to.deep.equal([0, 0, 0, 1, 1_001, 1_001]);
  });

  it("never lets more through than the rate, the burst and one take", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1_000, max: 1_000_000 }),
        fc.array(fc.nat(200_000), { maxLength: 20 }),
        async (rate, takes) => {
          const passed = await passages(rate, takes);
          expect(passed).to.have.length(takes.length);
          let sum = 0;
          for (const [i, bytes] of takes.entries()) {
            expect(sum).to.be.at.most((rate / 1000) * ((passed[i] as number) + 250 + 1));
            sum += bytes;
          }
        },
      ),
      { ...SEEDED, numRuns: 30 },
    );
  });

  it("does not hold up those behind one who leaves", async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(1_000, clock);
    await bucket.take(10_000);
    const abort = new AbortController();
    const left = rejectionOf(bucket.take(1_000_000, abort.signal));
    let passed = false;
    void bucket.take(1).then(() => (passed = true));
    abort.abort();
    expect(await left).to.equal("closed");
    await clock.advance(9_749);
    expect(passed).to.equal(false);
    await clock.advance(2);
    expect(passed).to.equal(true);
    expect(await rejectionOf(bucket.take(1, abort.signal))).to.equal("closed");
  });
});

describe("slots", () => {
  it("bound count and bytes, first come, first served, and let one through that is larger than all", async () => {
    const slots = new Slots(2, 100);
    const entered: string[] = [];
    const enter = (name: string, bytes: number): Promise<() => void> =>
      slots.enter(bytes).then((leave) => (entered.push(name), leave));
    const large = await enter("large", 500);
    const [small, tiny, last] = [enter("small", 60), enter("tiny", 40), enter("last", 1)];
    await new Promise(setImmediate);
    expect(entered).to.deep.equal(["large"]);
    large();
    large();
    (await small)();
    await tiny;
    await last;
    expect(entered).to.deep.equal(["large", "small", "tiny", "last"]);
  });

  it("are not taken by who gives up waiting", async () => {
    const slots = new Slots(1);
    const leave = await slots.enter();
    const abort = new AbortController();
    const waiting = rejectionOf(slots.enter(0, abort.signal));
    abort.abort();
    expect(await waiting).to.equal("closed");
    leave();
    (await slots.enter())();
  });
});

describe("the limits of transfers", () => {
  it("give each peer its share, and let no peer wait for another's own limit", async () => {
    const clock = new ManualClock();
    const limits = new TransferLimits({ upload: { total: 4e6, perPeer: 1e6 } }, clock);
    const sent = { a: 0, b: 0 };
    const serve = async (name: "a" | "b"): Promise<void> => {
      for (;;) {
        await limits.upload(peer(name), false, CHUNK_BYTES, NEVER);
        sent[name] += CHUNK_BYTES;
      }
    };
    void serve("a");
    void serve("b");
    await clock.advance(20_000);
    for (const bytes of Object.values(sent)) expect(bytes / 20 / 1e6).to.be.within(0.95, 1.1);
  });

  it("divide what all may have together evenly, whoever asks for more", async () => {
    const clock = new ManualClock();
    const limits = new TransferLimits({ download: { total: 2e6 } }, clock);
    const { signal } = new AbortController();
    const got = { a: 0, b: 0 };
    const fetch = async (name: "a" | "b"): Promise<void> => {
      for (;;) {
        await limits.download(peer(name), 500_000, signal);
        got[name] += 500_000;
      }
    };
    for (const name of ["a", "b"] as const) void fetch(name);
    await clock.advance(20_000);
    expect(got.a / got.b).to.be.within(0.9, 1.1);
    expect((got.a + got.b) / 20 / 1e6).to.be.within(1.9, 2.1);
  });

  it("keep strangers to a rate of their own, and hold up no member for it", async () => {
    const clock = new ManualClock();
    const limits = new TransferLimits({}, clock);
    let sent = 0;
    const serve = async (): Promise<void> => {
      for (;;) {
        await limits.upload(peer("e"), true, CHUNK_BYTES, NEVER);
        sent += CHUNK_BYTES;
      }
    };
    for (let stranger = 0; stranger < 5; stranger++) void serve();
    await clock.advance(10_000);
    expect(sent / 10 / 2 ** 20).to.be.within(3.9, 4.7);
    await limits.upload(peer("a"), false, 100 * CHUNK_BYTES, NEVER); // at once
  });

  it("count a stranger's request before it is looked into, even where nothing is held, and a member's not", async () => {
    const clock = new ManualClock();
    const limits = new TransferLimits({ upload: { total: 1_000 } }, clock);
    let answered = 0;
    const ask = async (): Promise<void> => {
      while (answered < 5_000) {
        (await limits.answer(peer("e"), true, NEVER))();
        answered++;
      }
    };
    void ask();
    await clock.advance(10_000);
    expect(answered / 10).to.be.within(250, 270);
    for (let i = 0; i < 1_000; i++) (await limits.answer(peer("a"), false, NEVER))(); // at once
  });

  it("let no peer take the answers of others, member or stranger, however much of it asks", async () => {
    const limits = new TransferLimits({}, new ManualClock());
    for (const isStranger of [true, false]) {
      const greedy = Array.from({ length: 100 }, () => limits.answer(peer("e"), isStranger, NEVER));
      await Promise.all(Array.from({ length: 9 }, (_, i) => limits.answer(peer(String(i)), isStranger, NEVER)));
      const share = isStranger ? 1 : 3;
      const waits = await Promise.race([
        (greedy[share] as Promise<unknown>).then(() => false),
        turn().then(() => true),
      ]);
      expect(waits).to.equal(true);
      (await (greedy[0] as Promise<() => void>))();
      await greedy[share];
    }
  });

  it("give an answer that waits to the next one when its stream closes", async () => {
    const limits = new TransferLimits({}, new ManualClock());
    const closing = new AbortController();
    const leave = await limits.answer(peer("e"), true, NEVER);
    const left = rejectionOf(limits.answer(peer("e"), true, closing.signal));
    const next = limits.answer(peer("e"), true, NEVER);
    closing.abort();
    expect(await left).to.equal("closed");
    leave();
    leave();
    (await next)();
  });
});
