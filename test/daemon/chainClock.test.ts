import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { ChainClock } from "../../node/daemon/time/chainClock.ts";

const START = 1_700_000_000;

/** Blocks every `interval` seconds of the chain's time, each seen so many seconds after its own. */
function watchBlocks(clock: ChainClock, offset: number, interval: number, delays: readonly number[]): number {
  delays.forEach((delay, index) => {
    const time = START + index * interval;
    clock.observe(time, time - offset + delay);
  });
  return clock.offset;
}

const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);

describe("the clock by which a peer keeps the chain's deadlines", () => {
  it("is the machine's where that is right, whatever whole seconds and delays do to block times", () => {
    expect(watchBlocks(new ChainClock(), 0, 1, [0.2, 0.9, 0.4, 1.8, 3.9, 0.3, 0.8, 0.1, 2])).to.equal(0);
    expect(new ChainClock().offset).to.equal(0);
  });

  it("goes forward with the first block that is ahead of the machine's", () => {
    const clock = new ChainClock();
    clock.observe(START + 300, START);
    expect(clock.offset).to.equal(300);
  });

  it("goes back by 5 minutes once blocks over a few seconds agree", () => {
    const clock = new ChainClock();
    expect(watchBlocks(clock, -300, 1, times(5, 0.5))).to.equal(0);
    expect(watchBlocks(clock, -300, 1, times(8, 0.5))).to.equal(-300.5);
  });

  it("stays corrected while a block is late by minutes", () => {
    for (const offset of [-300, 300]) {
      const clock = new ChainClock();
      watchBlocks(clock, offset, 2, times(6, 1));
      clock.observe(START + 12, START + 12 - offset + 240);
      expect(clock.offset).to.equal(offset - 1);
    }
  });

  it("does not take an old block, or that of an idle chain after a long break, for a clock that is ahead", () => {
    const clock = new ChainClock();
    clock.observe(START - 86_400, START);
    for (let look = 0; look < 20; look++) clock.observe(START - 86_400, START + look * 30);
    clock.observe(START + 500, START + 800);
    clock.observe(START + 4_000, START + 4_000.6);
    expect(clock.offset).to.equal(0);
  });

  it("does not go back while a node catches up with the chain", () => {
    for (const [blockSeconds, perSecond] of [
      [12, 40],
      [12, 2],
      [1, 10],
    ] as const) {
      const clock = new ChainClock();
      for (let block = 0; block < 300; block++) {
        clock.observe(START - 7_200 + block * blockSeconds, START + block / perSecond);
        expect(clock.offset).to.equal(0);
      }
    }
  });

  it("follows a machine's clock that is set right while the daemon runs", () => {
    for (const wrong of [-300, 300]) {
      const clock = new ChainClock();
      watchBlocks(clock, wrong, 2, times(10, 0.5));
      for (let block = 10; block < 20; block++) clock.observe(START + block * 2, START + block * 2 + 0.5);
      expect(clock.offset).to.equal(0);
    }
  });

  it("is never ahead of the chain's, nor behind by more than the quickest blocks' delay, for a clock that is off", () => {
    const off = fc.oneof(fc.integer({ min: 20, max: 900 }), fc.integer({ min: -900, max: -20 }));
    const late = fc.double({ min: 3, max: 200, noNaN: true });
    const timely = fc.double({ min: 0, max: 3, noNaN: true });
    const delays = fc.array(fc.tuple(timely, fc.oneof(timely, late)), { minLength: 8, maxLength: 40 });
    fc.assert(
      fc.property(off, fc.integer({ min: 2, max: 15 }), delays, (offset, interval, pairs) => {
        const found = watchBlocks(new ChainClock(), offset, interval * 100, pairs.flat());
        expect(found).to.be.at.most(offset + 1e-6);
        expect(found).to.be.at.least(offset - 3 - 1e-6);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});
