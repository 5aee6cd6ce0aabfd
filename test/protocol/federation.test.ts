import { expect } from "chai";
import { describe, it } from "mocha";
import { aggregate } from "../../node/core/aggregationRule.ts";
import { nextModelId } from "../../node/core/encoding.ts";
import type { Hex } from "../../node/core/bytes.ts";
import { AGGREGATION_RULES } from "../../node/core/jobTerms.ts";
import { seededRandom } from "../../node/core/random.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { weightsOf } from "../../node/core/weightedMean.ts";
import { rootOfAggregate } from "../helpers/roundPlayer.ts";
import { rootOfUpdate, updateOf } from "../helpers/virtual/work.ts";
import type { Conditions } from "../helpers/virtual/conditions.ts";
import { accountsOf, VirtualFederation, type FederationOptions } from "../helpers/virtual/federation.ts";
import {
  absentMember,
  conspiracy,
  deadAggregator,
  equivocator,
  hidingLiar,
  honest,
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

/** Longest that a phase may go on after its time is over: turns of all peers, and retries of lost transactions. */
const SLACK_SECONDS = 60;

async function play(options: FederationOptions): Promise<VirtualFederation> {
  const federation = new VirtualFederation(options);
  await federation.run();
  return federation;
}

/** What must hold at the end whatever has happened. */
function expectSound(federation: VirtualFederation): void {
  const { history, peers, terms } = federation;
  const view = federation.snapshot().view;
  expect(view.phase).to.equal("finished");
  expect(history.rounds.map(({ round }) => round)).to.deep.equal(Array.from({ length: terms.rounds }, (_, i) => i + 1));
  expectWithinDeadlines(federation);
  expect(federation.rejected).to.deep.equal([]);
  expectConserved(federation);

  let modelId: Hex = terms.genesisHash;
  for (const { round, settled } of history.rounds) {
    if (settled === undefined) continue;
    expect(settled.aggregateRoot, `the aggregate of round ${round}`).to.equal(rightRoot(federation, round, settled));
    modelId = nextModelId(modelId, settled.aggregateRoot);
    expect(settled.modelId).to.equal(modelId);
  }
  expect(view.modelId).to.equal(modelId);
  for (const { prover, memberId } of history.slashes) {
    const { tamper, adds } = peers[memberId]!.behaviour;
    if (prover !== undefined) expect(tamper ?? adds, `member ${memberId} at fault`).not.to.equal(undefined);
  }
  for (const { state, disk, behaviour } of peers) {
    if (behaviour !== honest) continue;
    expect(state?.modelId).to.equal(modelId);
    expect(disk.modelId).to.equal(modelId);
  }
}

/** No token is made or lost, and the pool holds what members have earned and not yet claimed. */
function expectConserved(federation: VirtualFederation): void {
  const { ledgers } = federation.chain;
  const credits = federation.snapshot().members.reduce((sum, { credit }) => sum + credit, 0n);
  expect(ledgers.poolOf(federation.job)).to.equal(credits);
  expect(ledgers.held() + ledgers.balances.sum()).to.equal(federation.supply);
}

type Settled = NonNullable<VirtualFederation["history"]["rounds"][number]["settled"]>;

/** The root of the exact aggregate of what was included, worked out from the members' updates. */
function rightRoot(federation: VirtualFederation, round: number, { includedMask, cohort }: Settled): Hex {
  const ids = bitsOf(includedMask).map((position) => cohort[position]!);
  const weights = weightsOf(
    ids.map((id) => 50 + 40 * id),
    federation.terms.weightCap,
  );
  const { rule, trimPermille } = federation.terms;
  const updates = ids.map((id, index) => ({ values: updateOf(federation, round, id), weight: weights[index]! }));
  return rootOfAggregate(aggregate(rule, trimPermille, updates));
}

function expectWithinDeadlines({ phases, terms, peers }: VirtualFederation): void {
  const lengths: Readonly<Record<string, number>> = {
    joining: 0,
    draw: 0,
    commit: terms.commitSeconds,
    share: terms.shareSeconds,
    propose: terms.slotSeconds * peers.length,
    // An answer keeps the window open for the next demand: as often as it takes to reach a leaf, and once more for the proof.
    challenge: terms.challengeSeconds + 3 * terms.demandSeconds,
    score: terms.scoreSeconds,
  };
  for (const [index, { phase, round, at }] of phases.slice(0, -1).entries()) {
    const seconds = phases[index + 1]!.at - at;
    expect(seconds, `${phase} of round ${round}`).to.be.at.most(lengths[phase]! + SLACK_SECONDS);
  }
}

const settledRounds = ({ history }: VirtualFederation): number =>
  history.rounds.filter(({ settled }) => settled !== undefined).length;

describe("a federation in which nothing fails", () => {
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

describe("a federation with one member at fault", () => {
  /** Each member in turn, for the seats are drawn. */
  const eachMember = async (
    behaviour: Misbehaviour,
    check: (federation: VirtualFederation, culprit: number) => void,
  ): Promise<void> => {
    for (let culprit = 0; culprit < 4; culprit++) {
      const behaviours = [undefined, undefined, undefined, undefined].with(culprit, behaviour as never);
      const federation = await play({ members: 4, seed: 100 + culprit, behaviours });
      expectSound(federation);
      check(federation, culprit);
    }
  };
  /** At most once, for a proven fault and with nobody else. @returns how often */
  const expectEjected = (federation: VirtualFederation, culprit: number): number => {
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
  const missed = ({ history }: VirtualFederation): number[] =>
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
      expect(federation.calls.get("answer") ?? 0).to.equal(2 * lies);
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

describe("a member that was suspended", () => {
  const missedIn = ({ history }: VirtualFederation): number[] => history.slashes.map(({ round }) => round);

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

describe("a federation with a rule that outliers cannot move", () => {
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

describe("a federation with a restart", () => {
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

describe("a federation whose committee conspires", () => {
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
  function expectLateProof(federation: VirtualFederation, honestOne: number): void {
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

describe("a federation with an equivocator", () => {
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
async function playConspiracy(
  seed: number,
): Promise<{ federation: VirtualFederation; owner: number; outsider: number }> {
  const [owner, outsider] = [seed, (seed + 2) % 5];
  const secrets = new Set<Hex>();
  const friends = accountsOf(5).flatMap(({ operator }, id) => (id === outsider ? [] : [operator]));
  const behaviours = Array.from({ length: 5 }, (_, id) => (id === outsider ? undefined : conspiracy(friends, secrets)));
  const federation = new VirtualFederation({ members: 5, seed, behaviours });
  secrets.add(rootOfUpdate(updateOf(federation, 1, owner)));
  await federation.run();
  return { federation, owner, outsider };
}

describe("a federation in bad weather", () => {
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
    const kinds = [
      liar,
      hidingLiar,
      silentLiar,
      equivocator,
      passing,
      deadAggregator,
      absentMember,
      withholdsOpening,
      withholdsBlob,
      silentSeat,
      withholdsScores,
    ];
    let settled = 0;
    for (let seed = 0; seed < 100; seed++) {
      const federation = await play(randomCase(seed, kinds));
      try {
        expectSound(federation);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      settled += settledRounds(federation);
    }
    expect(settled).to.be.greaterThan(100);
  }).timeout(60_000);
});

/** A federation of 3 to 6 members with its own weather; fewer than half of them misbehave. */
function randomCase(seed: number, kinds: readonly Misbehaviour[]): FederationOptions {
  const random = seededRandom(seed, 31);
  const rate = (most: number): number => (random.below(3) === 0 ? 0 : most * random.uniform());
  const members = 3 + random.below(4);
  const culprits = random.below(Math.ceil(members / 2));
  const behaviours = Array.from({ length: members }, (_, i) =>
    i < culprits ? kinds[random.below(kinds.length)] : undefined,
  );
  return {
    members,
    seed,
    behaviours: behaviours.map((_, i) => behaviours[(i + seed) % members]),
    conditions: {
      dropRate: rate(0.5),
      duplicateRate: rate(0.3),
      lostRate: rate(0.3),
      unheardRate: rate(0.3),
      crashRate: rate(0.02),
      downSeconds: 20,
      messageSeconds: 0.05 + rate(3),
      transactionSeconds: 0.05 + rate(2),
      viewSeconds: 0.05 + rate(2),
    },
  };
}
