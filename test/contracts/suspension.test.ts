import { expect } from "chai";
import { describe, it } from "mocha";
import { bitmapOf, openingOf } from "./messages.ts";
import { memberView, stakeOf, viewOf, waitLong, type Player } from "./player.ts";
import { advance, commitAll, draw, playFromChallenge, playRound, proposeRight, shareAll } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as } from "./world.ts";

describe("a member that missed its duty", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(5, { committeeSize: 3, rounds: 9, suspendDraws: 2 });
    await draw(started);
    return started;
  });
  /** A round in which id 0 commits, but does not open, and all else is well. */
  async function missOpening(): Promise<void> {
    await commitAll(player());
    const view = await viewOf(player());
    await player().job.share(
      [1, 2, 3, 4].map((position) => openingOf(player(), view, position)),
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, 31n)),
    );
    await waitLong(player());
    await advance(player());
    await proposeRight(player());
    await playFromChallenge(player());
  }
  /** A round in which nobody commits. */
  async function skipRound(): Promise<void> {
    await waitLong(player());
    await advance(player());
  }
  const cohortIds = async (): Promise<number[]> => [...(await viewOf(player())).cohort].map(Number);

  it("is suspended for the draws of the terms, and comes back when anyone resumes it", async () => {
    const { job } = player();
    await missOpening();
    expect((await memberView(player(), 0)).suspendedUntil).to.equal(4n);
    await draw(player()); // 2: the snapshot was taken before; it trains, but its seat is not live
    expect(await cohortIds()).to.include(0);
    const second = await viewOf(player());
    const seat = second.seats.indexOf(0n);
    if (seat >= 0) expect((second.liveSeats >> BigInt(seat)) & 1n).to.equal(0n);
    for (const round of [3n, 4n]) {
      await skipRound();
      if (round < 4n) {
        await expect(job.resume(0)).to.be.revertedWithCustomError(job, "StillSuspended").withArgs(0, 4);
      }
      await draw(player());
      expect((await viewOf(player())).round).to.equal(round);
      expect(await cohortIds()).to.not.include(0);
    }
    await expect(job.resume(0)).to.emit(job, "Resumed").withArgs(0);
    await expect(job.resume(0)).to.be.revertedWithCustomError(job, "NotSuspended").withArgs(0);
    await skipRound();
    await draw(player());
    expect(await cohortIds()).to.include(0);
  });

  it("comes back before its time when fewer than three others are left", async () => {
    const { job, members } = player();
    await as(job, members[3]!.wallet).leaveJob();
    await as(job, members[4]!.wallet).leaveJob();
    await missOpening();
    await draw(player());
    await skipRound(); // the suspension is applied: two are left
    await expect(draw(player())).to.be.revertedWithCustomError(job, "NotYet");
    await job.resume(0);
    await draw(player()); // lets it in
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 1, 2]);
  });

  it("is ejected once it has less stake than the next slash, which takes what is there", async () => {
    const started = await playerWith({ stake: 7n, faultSlash: 3n, missSlash: 1n, proofReward: 1n });
    for (let round = 1; round <= 8; round++) {
      await draw(started);
      await playToSkippedPropose(started);
      const { ejected } = await memberView(started, 0);
      expect([await stakeOf(started, 0), ejected], `round ${round}`).to.deep.equal([
        BigInt(Math.max(7 - round, 0)),
        round === 8,
      ]);
    }
  });

  async function playerWith(terms: Parameters<typeof startedJob>[1]): Promise<Player> {
    return startedJob(5, { ...terms, committeeSize: 5, rounds: 9, suspendDraws: 0 });
  }
  async function playToSkippedPropose(started: Player): Promise<void> {
    await commitAll(started);
    await shareAll(started);
    await waitLong(started);
    await advance(started);
  }

  it("is not suspended where the terms suspend nobody", async () => {
    const started = await playerWith({});
    await draw(started);
    await playToSkippedPropose(started);
    await playRound(started);
    expect((await memberView(started, 0)).suspendedUntil).to.equal(0n);
  });
});
