import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { earnedBy, memberView, poolOf, viewOf, waitLong } from "./player.ts";
import { advance, draw, playRound, playToPropose } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { proposeWrong, prove, signedRoot, statementOf } from "./trial.ts";
import { POOL, read } from "./world.ts";

describe("a job without stake", () => {
  const player = playingFrom(() =>
    startedJob(6, {
      committeeSize: 4,
      rounds: 4,
      suspendDraws: 2,
      ...{ stake: 0n, faultSlash: 0n, missSlash: 0n, proofReward: 0n },
    }),
  );

  it("locks nothing, and plays and pays its rounds as others do", async () => {
    const { world, job, members } = player();
    await playRound(player());
    expect(await earnedBy(player(), 0)).to.be.greaterThan(0n);
    for (const { walletAddress } of members) {
      expect(await read(world.treasury, "stakeOf", job, walletAddress)).to.equal(0n);
    }
  });

  it("ejects for a proven fault, and burns what the guilty have earned and not yet claimed", async () => {
    const { world, job } = player();
    await playRound(player());
    await playToPropose(player());
    const wrong = await proposeWrong(player(), 77);
    const poster = wrong.view.seats[0]!;
    const [earned, pool] = [await earnedBy(player(), poster), await poolOf(player())];
    expect(earned).to.be.greaterThan(0n);
    await expect(prove(player(), wrong, 77))
      .to.emit(world.treasury, "Forfeited")
      .withArgs(job, earned);
    expect((await memberView(player(), poster)).ejected).to.equal(true);
    expect(await earnedBy(player(), poster)).to.equal(0n);
    expect(await read(world.treasury, "burned", world.token)).to.equal(earned);
    expect(await poolOf(player())).to.equal(pool - earned); // what the others have earned and what is left is untouched
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.be.lessThan(POOL / 20n);
  });

  it("forfeits no credit that was claimed before, and nothing twice", async () => {
    const { world, job } = player();
    await playRound(player());
    await playToPropose(player());
    const view = await viewOf(player());
    const id = view.seats[2]!;
    await job.claim(id);
    const [one, other] = [1, 2].map((root) => signedRoot(player(), view, 2, keccakWords(root)));
    for (let time = 0; time < 2; time++) {
      await expect(world.court.proveEquivocation(job, statementOf(view, 2), one, other)).not.to.emit(
        world.treasury,
        "Forfeited",
      );
    }
    expect(await read(world.treasury, "burned", world.token)).to.equal(0n);
  });

  it("suspends for what is missed, which costs nothing else", async () => {
    await playToPropose(player());
    const { seats } = await viewOf(player());
    await waitLong(player());
    await advance(player()); // no slot was taken
    for (const id of seats) {
      const { ejected, suspendedUntil } = await memberView(player(), id);
      expect({ ejected, suspendedUntil }).to.deep.equal({ ejected: false, suspendedUntil: 4n });
    }
    await draw(player());
    expect((await viewOf(player())).liveSeats).to.be.lessThan(0b1111n); // at least two of the four sat before
  });
});
