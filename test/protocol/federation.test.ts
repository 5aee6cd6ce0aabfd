import { expect } from "chai";
import { describe, it } from "mocha";
import { AGGREGATION_RULES } from "../../node/core/jobTerms.ts";
import type { Conditions } from "../../node/simulation/conditions.ts";
import type { TestFederation } from "../helpers/virtual/federation.ts";
import { liar, withholdsScores } from "../helpers/virtual/misbehaviour.ts";
import { playAnyWeather } from "./anyWeather.ts";
import { expectSound, play, settledRounds } from "./soundness.ts";

describe("a federation in which nothing fails", function () {
  this.timeout(20_000);

  for (const members of [3, 4, 7]) {
    it(`settles every round of ${members} members with one transaction a step, and waits for nothing`, async () => {
      const federation = await play({ members, seed: members });
      expectSound(federation);
      expect(Object.fromEntries(federation.calls)).to.deep.equal({
        advance: 1 + 2,
        commitBatch: 2,
        share: 2,
        propose: 2,
        attest: 2,
        openScores: 2,
      });
      expect(settledRounds(federation)).to.equal(2);
      expect(federation.history.slashes).to.deep.equal([]);
      const { phases } = federation;
      expect(phases.at(-1)!.at - phases[0]!.at).to.be.at.most(4);
    });
  }
});

describe("a member that was suspended", function () {
  this.timeout(20_000);

  const missedIn = ({ history }: TestFederation): number[] => history.slashes.map(({ round }) => round);

  it("sits out as many draws as the terms say, and is back in the round after", async () => {
    for (const [suspendDraws, rounds] of [
      [1, [1, 4]],
      [2, [1, 5]],
      [0, [1, 2, 3, 4, 5]],
    ] as const) {
      const behaviours = [undefined, undefined, withholdsScores];
      const federation = await play({ members: 4, seed: 5, behaviours, terms: { rounds: 5, suspendDraws } });
      expectSound(federation);
      expect(settledRounds(federation)).to.equal(5);
      expect(missedIn(federation), `${suspendDraws} draws`).to.deep.equal(rounds);
      expect(federation.calls.get("resume") ?? 0).to.equal(suspendDraws === 0 ? 0 : 1);
    }
  });

  it("comes back at once where too few are left to draw from", async () => {
    const behaviours = [undefined, undefined, withholdsScores];
    const federation = await play({ members: 3, seed: 5, behaviours, terms: { rounds: 4, suspendDraws: 9 } });
    expectSound(federation);
    // In the round in between, two seats of three are left, and can certify nobody's update but the third one's.
    expect(federation.history.rounds.map(({ settled }) => settled !== undefined)).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
    expect(federation.calls.get("resume")).to.be.at.least(1);
  });
});

describe("a federation with a rule that outliers cannot move", function () {
  this.timeout(20_000);

  for (const [rule, trimPermille] of [
    [1, 250],
    [2, 0],
  ] as const) {
    it(`settles its exact aggregates, and proves a wrong one (${AGGREGATION_RULES[rule]})`, async () => {
      let faults = 0;
      for (let seed = 0; seed < 4; seed++) {
        const behaviours = [undefined, undefined, liar];
        const federation = await play({ members: 5, seed, behaviours, terms: { rule, trimPermille } });
        expectSound(federation);
        expect(settledRounds(federation)).to.equal(2);
        faults += federation.history.slashes.length;
      }
      expect(faults).to.be.greaterThan(0);
    });
  }
});

describe("a federation with a restart", function () {
  this.timeout(20_000);

  for (const phase of ["draw", "commit", "share", "propose", "challenge", "score"] as const) {
    it(`settles and slashes nobody, whoever restarts in ${phase}`, async () => {
      for (let member = 0; member < 4; member++) {
        for (const downSeconds of [0.3, 8]) {
          const conditions = { crashAt: { member, phase }, downSeconds };
          const federation = await play({ members: 4, seed: 7, conditions });
          expectSound(federation);
          expect(settledRounds(federation)).to.equal(2);
          expect(federation.history.slashes).to.deep.equal([]);
        }
      }
    });
  }
});

describe("a federation in bad weather", function () {
  this.timeout(20_000);

  const LOSSY: Partial<Conditions> = { dropRate: 0.3, duplicateRate: 0.2, messageSeconds: 1, viewSeconds: 1 };

  it("loses nothing to lost, doubled, delayed and reordered messages", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const federation = await play({ members: 4, seed, conditions: LOSSY });
      expectSound(federation);
      expect(settledRounds(federation), `seed ${seed}`).to.equal(2);
      expect(federation.history.slashes, `seed ${seed}`).to.deep.equal([]);
    }
  });

  it("loses no bond where transactions are lost or their outcome is not heard", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const conditions = { lostRate: 0.3, unheardRate: 0.3, transactionSeconds: 1 };
      const federation = await play({ members: 4, seed, conditions });
      expectSound(federation);
      expect(settledRounds(federation), `seed ${seed}`).to.equal(2);
      expect(federation.history.slashes, `seed ${seed}`).to.deep.equal([]);
    }
  });

  it("ends every round soundly, whatever goes wrong", async () => {
    expect(await playAnyWeather(0, 40)).to.be.greaterThan(40);
  }).timeout(60_000);
});
