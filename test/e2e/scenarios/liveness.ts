import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { refreshOperator } from "../../../node/chain/accounts.ts";
import { readRegistrationNonce, rotate } from "../../../node/chain/registration.ts";
import { createSender } from "../../../node/chain/sender.ts";
import { readRound } from "../../../node/chain/snapshots.ts";
import { simulatedAccounts } from "../../../node/simulation/accounts.ts";
import { fromHex } from "../../../node/core/bytes.ts";
import { bitOf, fullMask, hasBit, PHASES, type Phase } from "../../../node/core/roundView.ts";
import { signDigest } from "../../../node/core/signature.ts";
import { registrationDigest } from "../../../node/core/typedData.ts";
import { misbehaviourOf } from "../../../node/daemon/learning/behaviours.ts";
import type { Learner } from "../../../node/daemon/learning/learner.ts";
import { LocalFederation, type Part } from "../localFederation.ts";
import { smallJob, type TestChain } from "../testChain.ts";
import type { Stage } from "./chains.ts";
import { expectConserved } from "./money.ts";
import { leads, sits } from "./roles.ts";

const PARTICIPANTS = 5;
const ROUNDS = 4;
/** Has nothing to give in the first round. */
const PASSER = 2;
const SPARE_KEY = simulatedAccounts(1, 99)[0]!;

const passing = (honest: Learner): Learner => ({
  ...honest,
  localUpdate: async (params, round) => (round === 1 ? params.map(() => 0) : honest.localUpdate(params, round)),
});

/**
 * What happens without anybody's bad will: a pass, a dead aggregator that comes back, a daemon that stops in the middle of a
 * round, a new operator key.
 */
export function playLiveness(stage: Stage): void {
  describe(`five daemons of which some fail, on ${stage.title}`, function () {
    this.timeout(4 * stage.patience * 1000);
    let chain: TestChain;
    let federation: LocalFederation;
    let rotated = -1;
    let stopped: { readonly member: number; readonly name: string } | undefined;

    const dead = misbehaviourOf("no-proposal", leads(1));
    const hasLastSeat = sits(3, PARTICIPANTS - 2);
    /** Its daemon stops for good once the third round's updates are in, where it has the last seat. */
    const partOf = (member: number, name = `p${member}`): Part => ({
      misbehaviour: dead,
      ...(member === PASSER ? { learner: passing } : {}),
      stopsWhen: (state) => {
        const stops = stopped === undefined && hasLastSeat(state) && isJudged(state.view?.phase);
        if (stops) stopped = { member, name };
        return stops;
      },
    });

    before(async () => {
      chain = await stage.open();
      const spec = smallJob(PARTICIPANTS, ROUNDS, stage.phases);
      const localTraining = { ...spec.localTraining, passBelowNorm: 1e-6 };
      federation = await LocalFederation.open(
        chain,
        { ...spec, localTraining },
        {
          participants: PARTICIPANTS,
          seed: 12,
          relaySeconds: stage.relaySeconds,
        },
      );
      await stage.begin();
      await federation.startAll((member) => partOf(member));
    });
    after(async () => {
      await federation?.close();
      await chain?.stop();
    });
    afterEach(function () {
      if (this.currentTest?.state !== "failed") return;
      console.error(`${federation.log.tail()}\n${federation.problems.slice(-20).join("\n")}`);
    });

    const drawn = (round: number): ReturnType<typeof federation.log.until<"RoundDrawn">> =>
      federation.log.until("RoundDrawn", (args) => args.round === round, stage.patience);
    const attested = (round: number): bigint => federation.log.of("Attested", round).at(-1)!.attestedMask;
    /** From the proposal to the start of Score, in seconds. */
    const windowOf = async (round: number): Promise<number> => {
      const proposal = federation.log.all("Proposed").find(({ args }) => args.round === round)!;
      const score = federation.log
        .all("PhaseEntered")
        .find(({ args }) => args.round === round && PHASES[args.phase] === "score")!;
      return (await federation.log.timeOf(score.blockNumber)) - (await federation.log.timeOf(proposal.blockNumber));
    };

    /** A seat of the first round, neither its dead aggregator nor the one that passes, gets another key. */
    const rotateOne = async (): Promise<void> => {
      const { seats } = await drawn(1);
      rotated = seats.slice(1).find((member) => member !== PASSER)!;
      const { endpoint, deployment } = chain;
      const { registry, chainId } = deployment;
      const { wallet, walletKey } = federation.job.accounts[rotated]!;
      const sender = createSender(endpoint, walletKey);
      const nonce = await readRegistrationNonce(endpoint, registry, wallet);
      const digest = registrationDigest({ chainId, registry }, { wallet, operator: SPARE_KEY.operator, nonce });
      await createSender(endpoint, walletKey).pay(SPARE_KEY.operator, 10n ** 17n);
      await rotate(sender, registry, SPARE_KEY.operator, signDigest(digest, fromHex(SPARE_KEY.operatorKey)));
      await refreshOperator(sender, federation.job.addresses.job, rotated);
      const name = `p${rotated} with another key`;
      await federation.start(rotated, { ...partOf(rotated, name), operatorKey: SPARE_KEY.operatorKey }, name);
    };

    it("goes on with the next slot where the aggregator is dead, and waits for nobody that passes", async () => {
      await rotateOne();
      const { includedMask } = await federation.log.settled(1, stage.patience);
      const { cohort, seats } = await drawn(1);
      const proposed = federation.log.of("Proposed", 1).map(({ slot, memberId }) => [slot, memberId]);
      expect(proposed).to.deep.equal([[1, seats[1]]]);
      const missed = federation.log.all("MemberMissed").map(({ args }) => args);
      expect(missed.map(({ memberId, phase, taken }) => [memberId, PHASES[phase], taken])).to.deep.equal([
        [seats[0], "propose", federation.job.terms.missSlash],
      ]);
      expect(includedMask).to.equal(fullMask(PARTICIPANTS) & ~bitOf(cohort.indexOf(PASSER)));
    });

    it("takes over an operator that its wallet has rotated to, from the next draw on", async () => {
      const changed = await federation.log.until("OperatorChanged", ({ memberId }) => memberId === rotated, 1);
      expect(changed.operator.toLowerCase()).to.equal(SPARE_KEY.operator);
      const { seats } = await drawn(2);
      await federation.stop(`p${rotated}`);
      await federation.log.settled(2, stage.patience);
      expect(hasBit(attested(2), seats.indexOf(rotated)), "the new key's attestation").to.equal(true);
    });

    it("closes a window at once where all live seats have attested and scored", async () => {
      const { seats } = await drawn(2);
      const absent = seats.indexOf((await drawn(1)).seats[0]!); // was suspended after the draw's snapshot
      expect(attested(2)).to.equal(fullMask(PARTICIPANTS) & ~bitOf(absent));
      expect(await windowOf(2)).to.be.below(federation.job.terms.demandSeconds);
    });

    it("closes it on a quorum, after the time for demands, where a seat's daemon has stopped", async () => {
      await federation.log.settled(3, stage.patience);
      const { seats } = await drawn(3);
      expect(seats).to.have.length(PARTICIPANTS - 1); // the suspended one sits out
      expect(stopped?.member).to.equal(seats[seats.length - 1]);
      expect(attested(3)).to.equal(fullMask(seats.length - 1));
      const { demandSeconds, challengeSeconds } = federation.job.terms;
      expect(await windowOf(3)).to.be.within(demandSeconds, challengeSeconds - 1);
      const { member, name } = stopped!;
      await federation.start(member, { ...(member === rotated ? { operatorKey: SPARE_KEY.operatorKey } : {}) }, name);
    });

    it("has a suspended member back, who asks for it by itself", async () => {
      const absent = (await drawn(1)).seats[0]!;
      const resumed = await federation.log.until("Resumed", ({ memberId }) => memberId === absent, stage.patience);
      expect(resumed.memberId).to.equal(absent);
      expect((await drawn(3)).cohort).to.not.include(absent);
      expect((await drawn(4)).cohort).to.include(absent);
      const { includedMask } = await federation.log.settled(4, stage.patience);
      expect(includedMask).to.equal(fullMask(PARTICIPANTS));
    });

    it("posts every commit by relay, and slashes nobody else", async () => {
      const calls = (await federation.log.calls()).map(({ name }) => name);
      expect(calls).to.not.include("commit");
      expect(calls.filter((name) => name === "commitBatch").length).to.be.at.least(ROUNDS);
      expect(federation.log.all("MemberMissed").length).to.equal(1);
      expect(federation.log.all("MemberFaulted")).to.deep.equal([]);
    });

    it("leaves every daemon with the chain's model, and every wei accounted for", async () => {
      await federation.log.until("JobEnded", () => true, stage.patience);
      const { view } = await readRound(chain.endpoint, federation.job.addresses.job);
      await federation.agree(view.modelId, stage.patience);
      await expectConserved(federation);
    });
  });
}

function isJudged(phase: Phase | undefined): boolean {
  return phase === "propose" || phase === "challenge";
}
