import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { readRound } from "../../../node/chain/snapshots.ts";
import { PHASES, type Member } from "../../../node/core/roundView.ts";
import { misbehaviourOf, type Misbehaviour } from "../../../node/daemon/learning/behaviours.ts";
import { LocalFederation } from "../localFederation.ts";
import { smallJob, type TestChain } from "../testChain.ts";
import { pass, type Stage } from "./chains.ts";
import { expectConserved } from "./money.ts";
import { leads, sits, together } from "./roles.ts";

/** Who is ejected is still drawn once, without a live seat: a quorum of all seats must be left nevertheless. */
const PARTICIPANTS = 9;
const ROUNDS = 3;

/** Nobody is waited for but one that is silent, and its time the test lets pass: so no machine is too slow for these. */
const PATIENT = { commit: 120, share: 120, slot: 40, demand: 40, challenge: 90, score: 120, unbond: 3600 };

/** Each round's first aggregator is at fault, another way each time; in the first round the third seat is as well. */
const dishonest = (): Misbehaviour =>
  together(
    misbehaviourOf("lie", leads(1)),
    misbehaviourOf("equivocation", sits(1, 2)),
    misbehaviourOf("hidden-lie", leads(2)),
    misbehaviourOf("silent-lie", leads(3)),
  );

/** Lies in the open and hidden, silence and equivocation, each held against its author by the other daemons. */
export function playFaults(stage: Stage): void {
  describe(`nine daemons of which some cheat, on ${stage.title}`, function () {
    this.timeout(8 * stage.patience * 1000);
    let chain: TestChain;
    let federation: LocalFederation;

    before(async () => {
      chain = await stage.open();
      federation = await LocalFederation.open(chain, smallJob(PARTICIPANTS, ROUNDS, { ...stage.phases, ...PATIENT }), {
        participants: PARTICIPANTS,
        seed: 11,
        relaySeconds: stage.relaySeconds,
      });
      await stage.begin();
      const misbehaviour = dishonest();
      await federation.startAll(() => ({ misbehaviour }));
    });
    after(async () => {
      await federation?.close();
      await chain?.stop();
    });
    afterEach(function () {
      if (this.currentTest?.state !== "failed") return;
      console.error(`${federation.log.tail()}\n${federation.problems.slice(-20).join("\n")}`);
    });

    const seatsOf = (round: number): readonly number[] => federation.log.of("RoundDrawn", round)[0]!.seats;
    const operatorOf = (member: number): string => federation.job.accounts[member]!.operator;
    const settles = (round: number): Promise<unknown> => federation.log.settled(round, stage.patience);
    /** Of a round that settled: who was at fault, and who had the next turn. */
    const turns = (round: number): readonly number[] =>
      federation.log.of("Proposed", round).map(({ memberId }) => memberId);
    const faultedIn = (round: number): readonly number[] =>
      federation.log.of("MemberFaulted", round).map(({ memberId }) => memberId);
    /** In drawn order, without those who were ejected since the draw's snapshot. */
    const liveSeats = (round: number): readonly number[] => {
      const ejected = faultedIn(round - 1);
      return seatsOf(round).filter((memberId) => !ejected.includes(memberId));
    };

    it("proves an aggregate wrong that everybody can fetch, and goes on with the next slot", async () => {
      await settles(1);
      const [liar, next] = liveSeats(1);
      expect(turns(1)).to.deep.equal([liar, next]);
      const fault = federation.log.of("MemberFaulted", 1).find(({ memberId }) => memberId === liar);
      expect(fault?.taken).to.equal(federation.job.terms.faultSlash);
      expect(fault?.prover.toLowerCase()).to.be.oneOf(
        federation.job.accounts.map(({ operator }) => operator).filter((operator) => operator !== operatorOf(liar!)),
      );
    });

    it("proves two attestations by one seat for one slot, which costs it all its stake", async () => {
      const equivocator = seatsOf(1)[2]!;
      const { taken } = await federation.log.until(
        "MemberFaulted",
        ({ memberId }) => memberId === equivocator,
        stage.patience,
      );
      expect(taken).to.equal(federation.job.terms.stake);
      expect((await federation.log.calls()).filter(({ name }) => name === "proveEquivocation").length).to.equal(1);
    });

    it("has a hidden aggregate shown by the chain, row by row down to the leaf that is wrong, and proves that", async () => {
      await settles(2);
      const [liar, next] = liveSeats(2);
      expect(turns(2)).to.deep.equal([liar, next]);
      // 62 leaves: their hashes, and then one of them.
      const answers = federation.log.all("Answered").map(({ args }) => args.answerer.toLowerCase());
      expect(answers).to.deep.equal([operatorOf(liar!), operatorOf(liar!)]);
      expect(faultedIn(2)).to.deep.equal([liar]);
    });

    it("slashes who shows its aggregate to nobody, once a demand has lapsed", async () => {
      const answered = federation.log.all("Answered").map(({ args }) => args.id);
      await federation.log.until("Demanded", ({ id }) => !answered.includes(id), stage.patience);
      await pass(chain, PATIENT.demand);
      await settles(3);
      const [silent, next] = liveSeats(3);
      expect(turns(3)).to.deep.equal([silent, next]);
      expect(federation.log.all("Overdue").length).to.equal(1);
      const missed = federation.log.of("MemberMissed", 3);
      expect(missed.map(({ memberId, phase, taken }) => [memberId, PHASES[phase], taken])).to.deep.equal([
        [silent, "challenge", federation.job.terms.faultSlash],
      ]);
    });

    it("slashes nobody else, and posts every commit by relay", async () => {
      const punished = [...federation.log.all("MemberFaulted"), ...federation.log.all("MemberMissed")];
      expect(punished.length).to.equal(4);
      const calls = (await federation.log.calls()).map(({ name }) => name);
      expect(calls).to.not.include("commit");
      expect(calls.filter((name) => name === "commitBatch").length).to.be.at.least(ROUNDS);
    });

    it("leaves every member's daemon with the chain's model, and every wei accounted for", async () => {
      await federation.log.until("JobEnded", () => true, stage.patience);
      const { view, members } = await readRound(chain.endpoint, federation.job.addresses.job);
      await federation.agree(view.modelId, stage.patience, ejectedAmong(members));
      await expectConserved(federation);
    });

    it("leaves who was ejected, and whom nobody serves any more, with a model that the chain had", async () => {
      const { members } = await readRound(chain.endpoint, federation.job.addresses.job);
      const ejected = ejectedAmong(members);
      expect(ejected.length).to.equal(3); // of the silent one only what a miss costs was taken
      const settled = federation.log.all("RoundSettled").map(({ args }) => args.modelId);
      const known = [federation.job.terms.genesisHash, ...settled];
      for (const name of ejected) expect(known, name).to.include(federation.modelOf(name));
    });
  });
}

/** Names of the daemons whose member was ejected for a proven fault. */
function ejectedAmong(members: readonly Member[]): readonly string[] {
  return members.flatMap(({ ejected }, member) => (ejected ? [`p${member}`] : []));
}
