import { expect } from "chai";
import { describe, it } from "mocha";
import { BalanceWatch, RoundCosts, type Coverage } from "../../node/daemon/account/balance.ts";

describe("what a round costs an account", () => {
  it("is the mean of a job's last eight rounds, and the sum over its jobs", () => {
    const costs = new RoundCosts();
    expect(costs.perRound).to.equal(0n);
    costs.add("a", 1, 1_000_000n);
    for (let round = 2; round <= 9; round++) costs.add("a", round, BigInt(round));
    costs.add("a", 9, 3n);
    expect(costs.perRound).to.equal(6n); // 2 + 3 + … + 9 + 3 = 47 over 8
    costs.add("b", 40, 100n);
    expect(costs.perRound).to.equal(106n);
  });
});

describe("a watch over an account's balance", () => {
  it("tells once when it pays for fewer than twenty rounds more, and once when it pays for them again", async () => {
    let [now, balance] = [0, 2_000n];
    const told: [boolean, Coverage][] = [];
    const watch = new BalanceWatch({
      readBalance: () => Promise.resolve(balance),
      now: () => now,
      onChange: (...change) => told.push(change),
    });
    const spend = async (round: number): Promise<void> => {
      now += 60;
      await watch.spent("job", round, 100n);
    };
    await spend(1);
    expect(told).to.deep.equal([]);
    balance = 1_999n;
    await spend(2);
    await spend(3);
    expect(told.splice(0)).to.deep.equal([[true, { balance: 1_999n, perRound: 100n, rounds: 19n }]]);
    balance = 5_000n;
    await spend(4);
    expect(told.map(([isLow]) => isLow)).to.deep.equal([false]);
  });

  it("looks at most once a minute, and waits for the next time where the endpoint does not answer", async () => {
    let [now, looks] = [0, 0];
    const watch = new BalanceWatch({
      readBalance: () => (looks++ === 0 ? Promise.reject(new Error("no answer")) : Promise.resolve(0n)),
      now: () => now,
      onChange: () => (now = -1),
    });
    await watch.spent("job", 1, 5n);
    now = 59;
    await watch.spent("job", 1, 5n);
    expect(looks).to.equal(1);
    now = 60;
    await watch.spent("job", 1, 5n);
    expect([looks, now]).to.deep.equal([2, -1]);
  });
});
