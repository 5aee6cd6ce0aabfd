import { expect } from "chai";
import { describe, it } from "mocha";
import type { Hex } from "../../node/core/bytes.ts";
import { rootOfUpdate, updateOf } from "../helpers/virtual/work.ts";
import { accountsOf, TestFederation } from "../helpers/virtual/federation.ts";
import {
  absentMember,
  conspiracy,
  deadAggregator,
  equivocator,
  hidingLiar,
  lateChallenger,
  liar,
  passing,
  silentLiar,
  silentSeat,
  withholdsBlob,
  withholdsOpening,
  withholdsScores,
  type Misbehaviour,
} from "../helpers/virtual/misbehaviour.ts";
import { expectConserved, expectSound, play, settledRounds } from "./soundness.ts";

describe("a federation with one member at fault", function () {
  this.timeout(20_000);

  /** Each member in turn, for the seats are drawn. */
  const eachMember = async (
    behaviour: Misbehaviour,
    check: (federation: TestFederation, culprit: number) => void,
  ): Promise<void> => {
    for (let culprit = 0; culprit < 4; culprit++) {
      const behaviours = [undefined, undefined, undefined, undefined].with(culprit, behaviour as never);
      const federation = await play({ members: 4, seed: 100 + culprit, behaviours });
      expectSound(federation);
      check(federation, culprit);
    }
  };
  /** At most once, for a proven fault and with nobody else. @returns how often */
  const expectEjected = (federation: TestFederation, culprit: number): number => {
    const { history, terms } = federation;
    expect(history.slashes.length).to.be.at.most(1);
    for (const { memberId, prover, taken } of history.slashes) {
      expect(memberId).to.equal(culprit);
      expect(prover).not.to.equal(undefined);
      expect(taken).to.equal(terms.faultSlash);
    }
    expect(federation.snapshot().members[culprit]!.ejected).to.equal(history.slashes.length === 1);
    return history.slashes.length;
  };
  const missed = ({ history }: TestFederation): number[] =>
    history.slashes.filter(({ prover }) => prover === undefined).map(({ memberId }) => memberId);

  it("never settles a wrong aggregate, and ejects its poster", async () => {
    let faults = 0;
    await eachMember(liar, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      faults += expectEjected(federation, culprit);
    });
    expect(faults).to.be.greaterThan(0);
  });

  it("has a hidden aggregate shown by the chain, down to the leaf that is wrong, and ejects its poster", async () => {
    let faults = 0;
    await eachMember(hidingLiar, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      faults += expectEjected(federation, culprit);
      const lies = federation.history.slashes.length;
      // Two leaves: the row of both, and then the leaf.
      expect(federation.calls.get("demand") ?? 0).to.equal(2 * lies);
      expect(federation.calls.get("answerDemand") ?? 0).to.equal(2 * lies);
    });
    expect(faults).to.be.greaterThan(0);
  });

  it("slashes who shows its aggregate to nobody, not even to the chain, and goes on with the next slot", async () => {
    let hidden = 0;
    await eachMember(silentLiar, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      const { slashes } = federation.history;
      for (const slash of slashes) {
        expect(slash).to.deep.include({ memberId: culprit, prover: undefined, taken: federation.terms.faultSlash });
      }
      expect(federation.calls.get("demand") ?? 0).to.equal(slashes.length);
      hidden += slashes.length;
    });
    expect(hidden).to.be.greaterThan(0);
  });

  it("goes on with the next slot where the aggregator is dead, and slashes the missed one only", async () => {
    let misses = 0;
    await eachMember(deadAggregator, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      expect(missed(federation).every((memberId) => memberId === culprit)).to.equal(true);
      misses += missed(federation).length;
    });
    expect(misses).to.be.greaterThan(0);
  });

  it("leaves out an update whose opening is withheld, and slashes the bond", async () => {
    await eachMember(withholdsOpening, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      expect(missed(federation)).to.deep.equal([culprit, culprit]);
      for (const { settled } of federation.history.rounds)
        expect(settled?.includedMask).to.equal(15n & ~(1n << BigInt(culprit)));
    });
  });

  it("leaves out an update that nobody can fetch, and slashes nobody for it", async () => {
    await eachMember(withholdsBlob, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      expect(federation.history.slashes).to.deep.equal([]);
      for (const { settled } of federation.history.rounds)
        expect(settled?.includedMask).to.equal(15n & ~(1n << BigInt(culprit)));
    });
  });

  it("settles without a member that is absent", async () => {
    await eachMember(absentMember, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      expect(missed(federation).every((memberId) => memberId === culprit)).to.equal(true);
    });
  });

  it("settles with a seat that says nothing", async () => {
    await eachMember(silentSeat, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      expect(missed(federation).every((memberId) => memberId === culprit)).to.equal(true);
    });
  });

  it("settles where a seat does not open its scores, slashes the bond, and sits without it in the next round", async () => {
    await eachMember(withholdsScores, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      expect(missed(federation)).to.deep.equal([culprit]);
    });
  });

  it("waits for nobody that passes", async () => {
    await eachMember(passing, (federation, culprit) => {
      expect(settledRounds(federation)).to.equal(2);
      expect(federation.history.slashes).to.deep.equal([]);
      for (const { settled } of federation.history.rounds)
        expect(settled?.includedMask).to.equal(15n & ~(1n << BigInt(culprit)));
      const { phases } = federation;
      expect(phases.at(-1)!.at - phases[0]!.at).to.be.at.most(4);
    });
  });
});

describe("a federation whose committee conspires", function () {
  this.timeout(20_000);

  it("settles no lie as long as one seat is honest", async () => {
    for (let seed = 0; seed < 4; seed++) {
      const behaviours = Array.from({ length: 4 }, (_, index) => (index === seed ? undefined : liar));
      const federation = await play({ members: 4, seed, behaviours });
      expectSound(federation);
      expect(federation.history.slashes.some(({ prover }) => prover !== undefined)).to.equal(true);
    }
  });

  it("has every seat of a hidden lie ejected, once the chain has shown the leaf, though they were a quorum", async () => {
    for (let seed = 0; seed < 4; seed++) {
      const behaviours = Array.from({ length: 4 }, (_, index) => (index === seed ? undefined : hidingLiar));
      const federation = await play({ members: 4, seed, behaviours });
      expectSound(federation);
      const { history, terms } = federation;
      expect(history.slashes.length).to.be.greaterThan(0);
      for (const { prover, taken } of history.slashes) {
        expect(prover).to.equal(accountsOf(4)[seed]!.operator);
        expect(taken).to.equal(terms.faultSlash);
      }
    }
  });

  it("takes an update out that its committee certified and shows nobody, and slashes owner and certifiers", async () => {
    for (let seed = 0; seed < 5; seed++) {
      const { federation, owner, outsider } = await playConspiracy(seed);
      expectSound(federation);
      const { history, terms } = federation;
      const { missSlash, faultSlash } = terms;
      const [first] = history.rounds;
      expect(first!.withheld).to.deep.equal([owner]);
      expect(first!.settled!.includedMask).to.equal(31n & ~(1n << BigInt(owner)));
      const slashes = history.slashes.filter(({ round }) => round === 1);
      expect(slashes.every(({ prover }) => prover === undefined)).to.equal(true);
      expect(slashes.filter(({ memberId }) => memberId === owner).map(({ taken }) => taken)).to.deep.equal([
        faultSlash,
      ]);
      // The outsider misses its slot where it has the first one: it lacks what it should sum.
      const certifiers = slashes.filter(({ memberId }) => memberId !== owner && memberId !== outsider);
      expect(certifiers.map(({ taken }) => taken)).to.deep.equal(certifiers.map(() => missSlash));
      const friends = [0, 1, 2, 3, 4].filter((id) => id !== owner && id !== outsider);
      expect(certifiers.map(({ memberId }) => memberId)).to.have.members(friends);
    }
  });

  it("settles a lie that a quorum vouched for in time, and is proven wrong when it has", async () => {
    for (let seed = 0; seed < 4; seed++) {
      const behaviours = Array.from({ length: 4 }, (_, index) => (index === seed ? lateChallenger : liar));
      const federation = await play({ members: 4, seed, behaviours });
      expectLateProof(federation, seed);
      expect(federation.peers[seed]!.state!.disputes).to.deep.equal([]);
    }
  });

  it("is proven wrong after it had settled by a seat that was down meanwhile", async () => {
    // It has computed the right root when it first sees Challenge, and is away until the round is over.
    const behaviours = [undefined, liar, liar, liar];
    const conditions = { crashAt: { member: 0, phase: "challenge" as const }, downSeconds: 1200 };
    const options = { members: 4, seed: 11, behaviours, conditions, terms: { rounds: 1 } };
    expectLateProof(await play(options), 0);
  });

  /** All but one are ejected for what has settled, and with nobody left to draw the job ends. */
  function expectLateProof(federation: TestFederation, honestOne: number): void {
    const { history, terms } = federation;
    expect(history.rounds[0]!.settled!.faulty).to.equal(true);
    const others = [0, 1, 2, 3].filter((id) => id !== honestOne);
    const proven = history.slashes.filter(({ prover }) => prover !== undefined);
    expect(proven.map(({ memberId }) => memberId)).to.have.members(others);
    expect(proven.every(({ taken }) => taken === terms.faultSlash)).to.equal(true);
    expect(federation.snapshot().members.map(({ ejected }) => ejected)).to.deep.equal(
      [0, 1, 2, 3].map((id) => id !== honestOne),
    );
    expect(federation.snapshot().view.phase).to.equal("finished");
    expectConserved(federation);
  }
});

describe("a federation with an equivocator", function () {
  this.timeout(20_000);

  it("takes all stake of a seat that attests two roots for one slot, by one proof", async () => {
    let proven = 0;
    for (let seed = 0; seed < 6; seed++) {
      const culprit = seed % 4;
      const behaviours = Array.from({ length: 4 }, (_, index) => (index === culprit ? equivocator : undefined));
      const federation = await play({ members: 4, seed, behaviours });
      expectSound(federation);
      expect(settledRounds(federation)).to.equal(2);
      const { history, terms } = federation;
      if (history.slashes.length === 0) continue; // it had the first slot in both rounds, and a proposal is one signature
      expect(history.slashes.length).to.equal(1);
      expect(history.slashes[0]).to.deep.include({ memberId: culprit, taken: terms.stake });
      expect(federation.calls.get("proveEquivocation")).to.equal(1);
      expect(federation.snapshot().members[culprit]!.ejected).to.equal(true);
      proven++;
    }
    expect(proven).to.be.greaterThan(3);
  });
});

/** Five members, one of which gives its update to three friends only; they certify it. */
async function playConspiracy(seed: number): Promise<{ federation: TestFederation; owner: number; outsider: number }> {
  const [owner, outsider] = [seed, (seed + 2) % 5];
  const secrets = new Set<Hex>();
  const friends = accountsOf(5).flatMap(({ operator }, id) => (id === outsider ? [] : [operator]));
  const behaviours = Array.from({ length: 5 }, (_, id) => (id === outsider ? undefined : conspiracy(friends, secrets)));
  const federation = new TestFederation({ members: 5, seed, behaviours });
  secrets.add(rootOfUpdate(updateOf(federation, 1, owner)));
  await federation.run();
  return { federation, owner, outsider };
}
