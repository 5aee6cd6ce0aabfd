import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";
import { bitOf, fullMask } from "../../node/core/roundView.ts";
import {
  advance,
  attestAll,
  attestationOf,
  memberOf,
  PHASE,
  playToChallenge,
  playToPropose,
  proposeFrom,
  proposeRight,
  scoreCommitOf,
  scoreOpeningOf,
  viewOf,
  waitLong,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, ETHER, read } from "./world.ts";

const ROOT = keccakWords(77);

describe("proposing", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await playToPropose(started);
    return started;
  });
  const stakeOfSeat = async (seat: number): Promise<bigint> => {
    const wallet = memberOf(player(), (await viewOf(player())).seats[seat]!).walletAddress;
    return await read(player().world.treasury, "stakeOf", player().job, wallet);
  };

  it("is for the first seat at once, and for the others when their slot has opened", async () => {
    const { job, world } = player();
    const start = Number((await viewOf(player())).phaseStart);
    await world.helpers.time.setNextBlockTimestamp(start + 199);
    await expect(proposeFrom(player(), 2, ROOT))
      .to.be.revertedWithCustomError(job, "SlotNotOpen")
      .withArgs(2, start + 200);
    await world.helpers.time.setNextBlockTimestamp(start + 200);
    await expect(proposeFrom(player(), 2, ROOT))
      .to.emit(job, "Proposed")
      .withArgs(1, 2, memberOf(player(), (await viewOf(player())).seats[2]!).operator, ROOT);
    const view = await viewOf(player());
    expect([view.phase, view.slot, view.aggregateRoot]).to.deep.equal([PHASE.challenge, 2n, ROOT]);
    expect(await Promise.all([0, 1, 2, 3].map(stakeOfSeat))).to.deep.equal([
      99n * ETHER,
      99n * ETHER,
      100n * ETHER,
      100n * ETHER,
    ]);
  });

  it("is open to a late seat while nobody else has proposed", async () => {
    await player().world.helpers.time.increase(350);
    await proposeFrom(player(), 0, ROOT);
    expect((await viewOf(player())).slot).to.equal(0n);
  });

  it("refuses who holds no seat, an empty root, and a second proposal", async () => {
    const { job, members, world } = player();
    const view = await viewOf(player());
    const outsider = members.find((_, id) => !view.seats.includes(BigInt(id)))!;
    await expect(as(job, outsider.operator).propose(ROOT))
      .to.be.revertedWithCustomError(job, "NotASeat")
      .withArgs(outsider.operator);
    await expect(as(job, world.sponsor).propose(ROOT)).to.be.revertedWithCustomError(job, "NotASeat");
    await expect(proposeFrom(player(), 0, ZERO_WORD)).to.be.revertedWithCustomError(job, "EmptyRoot");
    await proposeFrom(player(), 0, ROOT);
    await expect(proposeFrom(player(), 0, ROOT))
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.challenge);
  });

  it("skips the round and slashes every seat when no slot was taken", async () => {
    const { job, world } = player();
    const before = await viewOf(player());
    await world.helpers.time.setNextBlockTimestamp(Number(before.phaseStart) + 399);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet");
    await waitLong(player());
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.propose);
    expect(await Promise.all([0, 1, 2, 3].map(stakeOfSeat))).to.deep.equal(
      Array.from({ length: 4 }, () => 99n * ETHER),
    );
    expect((await viewOf(player())).modelId).to.equal(before.modelId);
  });
});

describe("the challenge window", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await playToChallenge(started);
    return started;
  });

  it("closes at once when all live seats have attested and committed their scores", async () => {
    const { job } = player();
    await attestAll(player(), [0, 1, 2, 3], []);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet");
    await attestAll(player());
    await expect(advance(player())).to.emit(job, "PhaseEntered").withArgs(1, PHASE.score);
  });

  it("closes after the attest time when a quorum has attested", async () => {
    const { job, world } = player();
    const { phaseStart } = await viewOf(player());
    await attestAll(player(), [0, 2]);
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 250);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 350, 0);
    await attestAll(player(), [3]);
    await advance(player());
    expect((await viewOf(player())).phase).to.equal(PHASE.score);
  });

  it("runs out otherwise, and gives the turn to the next slot: a liar that hides its blob cannot be proved wrong", async () => {
    const { job, world } = player();
    const { phaseStart } = await viewOf(player());
    await attestAll(player(), [0, 1]); // one short of the quorum of three
    await world.helpers.mine(2);
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 599);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 600);
    await advance(player());
    const view = await viewOf(player());
    expect(view.phase).to.equal(PHASE.propose);
    expect([view.firstSlot, view.attestedMask, view.scoreCommittedMask]).to.deep.equal([1n, 0n, 3n]);
  });

  it("does not close before its blocks are over, whatever the clock says", async () => {
    const { job, world } = player();
    const { phaseStart } = await viewOf(player());
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 100_000); // the first block after a halt
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 0, 1);
    await world.helpers.mine(1);
    await advance(player());
  });

  it("takes attestations of the standing proposal from live seats only, each once", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const right = attestationOf(player(), view, 1);
    await job.attest(
      [
        { ...right, seat: 2 },
        { ...right, seat: 40 },
        { ...right, signature: "0x" },
        attestationOf(player(), { ...view, aggregateRoot: ROOT }, 0),
        attestationOf(player(), { ...view, slot: 1n }, 0),
        attestationOf(player(), { ...view, includeHash: ROOT }, 0),
      ],
      [],
    );
    expect((await viewOf(player())).attestedMask).to.equal(0n);
    await expect(job.attest([right, right], []))
      .to.emit(job, "Attested")
      .withArgs(1, bitOf(1));
    await expect(job.attest([right], [])).not.to.emit(job, "Attested");
  });

  it("takes the first score commit of a seat", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const [first, second] = [scoreOpeningOf(view, 0), scoreOpeningOf(view, 0, undefined)];
    const commit = scoreCommitOf(player(), view, first);
    await job.attest(
      [],
      [
        { ...commit, seat: 1 },
        { ...commit, commitment: ROOT },
        commit,
        scoreCommitOf(player(), view, { ...second, vector: "0x" }),
      ],
    );
    expect((await viewOf(player())).scoreCommittedMask).to.equal(1n);
    await attestAll(player());
    await advance(player());
    await job.openScores([{ ...second, vector: "0x" }]);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0n);
    await job.openScores([first]);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(1n);
  });

  it("has nothing to attest before and after", async () => {
    const { job } = player();
    const view = await viewOf(player());
    await attestAll(player());
    await advance(player());
    await job.attest([attestationOf(player(), view, 0)], []);
    const after = await viewOf(player());
    expect(after.attestedMask).to.equal(fullMask(4));
    expect(after.phase).to.equal(PHASE.score);
    await expect(proposeRight(player())).to.be.revertedWithCustomError(job, "WrongPhase");
  });
});
