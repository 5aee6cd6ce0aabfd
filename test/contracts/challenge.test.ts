import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";
import { bitOf, fullMask } from "../../node/core/roundView.ts";
import { abstentionOf, attestationOf, scoreCommitOf, scoreOpeningOf } from "./messages.ts";
import { PHASE, phaseOf, stakeOf, viewOf } from "./player.ts";
import { advance, attestAll, playToChallenge, proposeRight } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { ETHER } from "./world.ts";

const ROOT = keccakWords(77);

describe("the challenge window", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await playToChallenge(started);
    return started;
  });

  it("closes with the posting by which all live seats have attested and committed their scores", async () => {
    const { job } = player();
    const view = await viewOf(player());
    await attestAll(player(), [0, 1, 2, 3], []);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet");
    const commits = [0, 1, 2, 3].map((seat) => scoreCommitOf(player(), view, scoreOpeningOf(view, seat)));
    await job.attest([], commits.slice(0, 3));
    expect(await phaseOf(player())).to.equal(PHASE.challenge);
    await expect(job.attest([], commits)).to.emit(job, "PhaseEntered").withArgs(1, PHASE.score);
  });

  it("closes after the time of a demand when a quorum has attested", async () => {
    const { job, world } = player();
    const { phaseStart } = await viewOf(player());
    await attestAll(player(), [0, 2]);
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 250);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 350, 0);
    await attestAll(player(), [3]);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.score);
  });

  it("is open for the whole time of a demand, though a quorum has attested at once", async () => {
    const { job, world } = player();
    const { phaseStart } = await viewOf(player());
    await attestAll(player(), [0, 1, 2]);
    await world.helpers.mine(2);
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 199);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 200);
    await expect(advance(player())).to.emit(job, "PhaseEntered").withArgs(1, PHASE.score);
  });

  it("runs out otherwise, and gives the turn to the next slot: no quorum vouches that the aggregate can be had", async () => {
    const { job, world } = player();
    const before = await viewOf(player());
    await attestAll(player(), [0, 1]); // one short of the quorum of three
    await world.helpers.mine(2);
    await world.helpers.time.setNextBlockTimestamp(Number(before.phaseStart) + 599);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(Number(before.phaseStart) + 600);
    await advance(player());
    const view = await viewOf(player());
    expect(view).to.include({ phase: PHASE.propose, firstSlot: 1n, attestedMask: 0n, scoreCommittedMask: 3n });
    expect(view.liveSeats).to.equal(fullMask(4));
    expect(await stakeOf(player(), before.seats[0]!)).to.equal(100n * ETHER);
    await proposeRight(player(), 1);
    await attestAll(player(), [0, 1, 2, 3]);
    expect(await phaseOf(player())).to.equal(PHASE.score);
  });

  it("does not close before its blocks are over, whatever the clock says", async () => {
    const { job, world } = player();
    const { phaseStart } = await viewOf(player());
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 100_000); // the first block after a halt
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 0, 1);
    await world.helpers.mine(1);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.propose);
  });

  it("takes attestations of the standing proposal from seats only, each once", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const right = attestationOf(player(), view, 1);
    await job.attest(
      [
        { ...right, seat: 2 },
        { ...right, seat: 40 },
        { ...right, r: ZERO_WORD, vs: ZERO_WORD },
        attestationOf(player(), { ...view, aggregateRoot: ROOT }, 1),
        attestationOf(player(), { ...view, slot: 1n }, 1),
        attestationOf(player(), { ...view, includeHash: ROOT }, 1),
        attestationOf(player(), { ...view, round: 9n }, 1),
      ],
      [],
    );
    expect((await viewOf(player())).attestedMask).to.equal(1n); // the poster's
    await expect(job.attest([right, right], []))
      .to.emit(job, "Attested")
      .withArgs(1, bitOf(0) | bitOf(1));
    await expect(job.attest([right], [])).not.to.emit(job, "Attested");
  });

  it("takes the first score commit of a seat", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const first = scoreOpeningOf(view, 0);
    const commit = scoreCommitOf(player(), view, first);
    await job.attest(
      [],
      [
        { ...commit, seat: 1 },
        { ...commit, seat: 250 },
        { ...commit, commitment: ROOT },
        commit,
        scoreCommitOf(player(), view, abstentionOf(0)),
      ],
    );
    expect((await viewOf(player())).scoreCommittedMask).to.equal(1n);
    await attestAll(player());
    await job.openScores([abstentionOf(0)]);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0n);
    await job.openScores([first]);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(1n);
  });

  it("shows no score: the chain holds hashes until they are opened", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const opening = scoreOpeningOf(view, 0);
    const step = await job.attest([], [scoreCommitOf(player(), view, opening)]);
    expect(step.data).to.not.include(opening.vector.slice(2));
    await job.openScores([opening]); // too early: no effect
    expect(await viewOf(player())).to.include({ phase: PHASE.challenge, scoreOpenedMask: 0n });
  });

  it("has nothing to attest before and after", async () => {
    const { job } = player();
    const view = await viewOf(player());
    await attestAll(player());
    await job.attest([attestationOf(player(), view, 0)], []);
    expect(await viewOf(player())).to.include({ phase: PHASE.score, attestedMask: fullMask(4) });
    await expect(proposeRight(player())).to.be.revertedWithCustomError(job, "WrongPhase").withArgs(PHASE.score);
  });
});
