import { expect } from "chai";
import { describe, it } from "mocha";
import { earnedBy, memberOf, PHASE, phaseOf, poolOf, stakeOf, viewOf, waitLong } from "./player.ts";
import {
  advance,
  attestAll,
  commitAll,
  draw,
  openAllScores,
  playRound,
  playToPropose,
  proposeRight,
  shareAll,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { proposeWrong, prove } from "./trial.ts";
import { as, createJob, deploy, deployWorld, ETHER, MIN_PHASE_SECONDS, POOL, read, type Token } from "./world.ts";

/** Code that reverts whatever it is asked. */
const REVERTS = "0x5f5ffd";

describe("threat: a hostile sponsor", () => {
  const player = playingFrom(() => startedJob(6, { committeeSize: 4, rounds: 2 }));
  const sponsorCredit = async (): Promise<bigint> =>
    read(player().world.treasury, "creditOf", player().world.token, player().world.sponsor);

  it("can make no phase too short to act in, and bind no stake for ever: the factory refuses such terms", async () => {
    const world = await deployWorld();
    for (const phase of ["commitSeconds", "shareSeconds", "slotSeconds", "demandSeconds", "scoreSeconds"] as const) {
      await expect(createJob(world, { [phase]: MIN_PHASE_SECONDS - 1 }))
        .to.be.revertedWithCustomError(world.factory, "BadTerm")
        .withArgs(phase, MIN_PHASE_SECONDS - 1, MIN_PHASE_SECONDS, 604_800);
    }
    await expect(createJob(world, { unbondSeconds: 2 ** 32 - 1 })).to.be.revertedWithCustomError(
      world.factory,
      "BadTerm",
    );
    await expect(createJob(world, { phaseBlocks: 1_001 })).to.be.revertedWithCustomError(world.factory, "BadTerm");
  });

  it("can set no slash beyond what a member locked, and a miss to no more than a quarter of it", async () => {
    const world = await deployWorld();
    await expect(createJob(world, { faultSlash: 100n * ETHER + 1n }))
      .to.be.revertedWithCustomError(world.factory, "BadTerm")
      .withArgs("faultSlash", 100n * ETHER + 1n, 0, 100n * ETHER);
    await expect(createJob(world, { missSlash: 25n * ETHER + 1n }))
      .to.be.revertedWithCustomError(world.factory, "BadTerm")
      .withArgs("missSlash", 25n * ETHER + 1n, 0, 25n * ETHER);
  });

  it("gets no slashed stake back at the end: what nobody earned of it is burned", async () => {
    const only = await startedJob(6, { committeeSize: 4, rounds: 1 });
    const { treasury, token, sponsor } = only.world;
    await playToPropose(only);
    await prove(only, await proposeWrong(only, 3), 3); // the sponsor proves it itself
    await waitLong(only);
    await advance(only); // no other seat proposes, which is slashed too
    expect(await phaseOf(only)).to.equal(PHASE.finished);
    const reward = 20n * ETHER;
    expect(await read(treasury, "creditOf", token, sponsor)).to.equal(POOL + reward);
    const burned = await read(treasury, "burned", token);
    const ids = [0, 1, 2, 3, 4, 5];
    const lost = (await Promise.all(ids.map((id) => stakeOf(only, id)))).reduce(
      (sum, left) => sum - left,
      600n * ETHER,
    );
    expect([lost, burned]).to.deep.equal([63n * ETHER, 63n * ETHER - reward]);
  });

  it("cannot end a job early, take its pool or stop its rounds: it has no call that others have not", async () => {
    const { world, job } = player();
    const sponsor = as(job, world.sponsor);
    await draw(player());
    await expect(sponsor.advance()).to.be.revertedWithCustomError(job, "NotYet");
    await expect(sponsor.initialize()).to.be.revertedWithCustomError(job, "OnlyFactory");
    await expect(sponsor.leaveJob()).to.be.revertedWithCustomError(job, "NotAMember");
    const treasury = as(world.treasury, world.sponsor);
    await expect(treasury.refund(world.sponsor, 0n)).to.be.revertedWithCustomError(treasury, "OnlyJob");
    await expect(treasury.payOut(world.sponsor, 1n)).to.be.revertedWithCustomError(treasury, "OnlyJob");
    await expect(treasury.claim(world.token)).to.be.revertedWithCustomError(treasury, "NothingToClaim");
    expect(await poolOf(player())).to.equal(POOL);
  });

  it("whose token stops working blocks no round, no slash and no settlement; only its own transfers wait", async () => {
    const { world, job } = player();
    const working = await world.ethers.provider.getCode(world.token);
    await world.helpers.setCode(await world.token.getAddress(), REVERTS);
    await playToPropose(player());
    await prove(player(), await proposeWrong(player(), 3), 3);
    await proposeRight(player());
    await attestAll(player());
    await openAllScores(player());
    const { seats } = await viewOf(player());
    expect(seats).to.have.length(0); // the next Draw
    await draw(player());
    await commitAll(player());
    await shareAll(player());
    await waitLong(player());
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.finished);
    await expect(job.claim(0)).to.be.revert(world.ethers);
    await world.helpers.setCode(await world.token.getAddress(), working);
    const earned = await earnedBy(player(), 0);
    await expect(job.claim(0)).to.changeTokenBalance(world.ethers, world.token, memberOf(player(), 0).wallet, earned);
  });

  it("that pays in a token of its own takes no other job's money: pools and stakes are kept apart by job", async () => {
    const { world, job } = player();
    const own = await deploy<Token>(world.ethers, "PaceToken", world.sponsor, 10n ** 30n);
    await own.approve(world.treasury, 10n ** 30n);
    const trap = await createJob(world, { token: (await own.getAddress()) as `0x${string}`, startMembers: 5 }, 1_000n);
    await world.helpers.mine(3, { interval: 1_000 });
    await expect(trap.advance()).to.emit(trap, "JobEnded").withArgs(PHASE.failed, 1_000n);
    expect(await read(world.treasury, "creditOf", own, world.sponsor)).to.equal(1_000n);
    expect(await sponsorCredit()).to.equal(0n);
    expect(await read(world.treasury, "poolOf", job)).to.equal(POOL);
  });
});

describe("threat: dust and rounding", () => {
  for (const pool of [1n, 7n, 10_001n, 999_999_999_999_999_989n, 2n ** 96n - 1n]) {
    it(`leaves nothing over of a pool of ${pool} wei: what rounds do not pay goes back to the sponsor`, async () => {
      const player = await startedJob(5, { committeeSize: 3, rounds: 3 }, pool);
      const { world } = player;
      for (let round = 1; round <= 3; round++) await playRound(player);
      expect(await phaseOf(player)).to.equal(PHASE.finished);
      const earned = await Promise.all([0, 1, 2, 3, 4].map((id) => earnedBy(player, id)));
      const members = earned.reduce((sum, credit) => sum + credit);
      expect(await poolOf(player)).to.equal(members);
      const credit = await read(world.treasury, "creditOf", world.token, world.sponsor); // keeper, too
      expect(members + credit).to.equal(pool);
      expect(await read(world.treasury, "burned", world.token)).to.equal(0n);
      // At most what five keepers' shares and the last round's four splits leave.
      if (pool > 10n ** 9n) expect(members).to.be.within((pool * 9_499n) / 10_000n, (pool * 9_500n) / 10_000n + 10n);
    });
  }
});
