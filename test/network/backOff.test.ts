import { expect } from "chai";
import { describe, it } from "mocha";
import { BackOff } from "../../node/network/backOff.ts";
import { PeerScores } from "../../node/network/peerScores.ts";

describe("a back-off", () => {
  const after = (failures: number, random: number): number => {
    let now = 0;
    const backOff = new BackOff({ firstMs: 200, lastMs: 15_000, now: () => now, random: () => random });
    for (let i = 0; i < failures; i++) backOff.fail("a");
    while (!backOff.isDue("a")) now += 50;
    return now;
  };

  it("doubles from the first wait to the last, each spread over its second half", () => {
    expect([1, 2, 3, 4].map((failures) => after(failures, 0.9999))).to.deep.equal([200, 400, 800, 1600]);
    expect([1, 2, 3, 4].map((failures) => after(failures, 0))).to.deep.equal([100, 200, 400, 800]);
    expect(after(60, 0)).to.equal(7_500);
    expect(after(60, 0.9999)).to.equal(15_000);
  });

  it("keeps things apart, forgets those that succeed, and holds no more than it may", () => {
    const backOff = new BackOff({ firstMs: 200, lastMs: 15_000, now: () => 0, random: () => 0.5 });
    backOff.fail("a");
    expect([backOff.isDue("a"), backOff.isDue("b"), backOff.failures("a")]).to.deep.equal([false, true, 1]);
    backOff.succeed("a");
    expect([backOff.isDue("a"), backOff.failures("a")]).to.deep.equal([true, 0]);
    for (let i = 0; i < 5_000; i++) backOff.fail(`key ${i}`);
    expect([backOff.isDue("key 0"), backOff.isDue("key 4999")]).to.deep.equal([true, false]);
  });
});

describe("a peer's score", () => {
  it("falls below gossipsub's graylist with the fourth rejected message, and rises again while there are none", () => {
    let now = 0;
    const scores = new PeerScores(() => now);
    for (let i = 0; i < 3; i++) scores.reject("a");
    expect(scores.score("a")).to.equal(-90);
    scores.reject("a");
    expect(scores.score("a")).to.equal(-160);
    expect(scores.score("b")).to.equal(0);
    now = 30_000;
    expect(scores.score("a")).to.be.within(-27, -25); // 4·0.97^30 = 1.604, squared
    now = 600_000;
    expect(Math.abs(scores.score("a"))).to.equal(0);
  });

  it("is kept for so many peers only", () => {
    const scores = new PeerScores(() => 0);
    for (let i = 0; i < 5_000; i++) scores.reject(`peer ${i}`);
    expect([scores.score("peer 0"), scores.score("peer 4999")]).to.deep.equal([0, -10]);
  });
});
