import { expect } from "chai";
import { describe, it } from "mocha";
import { memberView, PHASE, playerOf, stakeOf, viewOf } from "./player.ts";
import { advance, draw } from "./round.ts";
import { playingFrom, startingFrom } from "./startingFrom.ts";
import { as, createJob, deployWorld, ETHER, joinAll, makeParticipant, makeParticipants, POOL, read } from "./world.ts";

const STAKE = 100n * ETHER;

describe("joining a job", () => {
  const state = startingFrom(async () => {
    const world = await deployWorld();
    const people = await makeParticipants(world, 7);
    return { world, people, job: await createJob(world) };
  });

  it("locks the stake, at least that of the terms, and gives ids in order", async () => {
    const { world, people, job } = state();
    await expect(as(job, people[3]!.wallet).join(STAKE - 1n))
      .to.be.revertedWithCustomError(job, "StakeTooSmall")
      .withArgs(STAKE - 1n, STAKE);
    await expect(as(job, people[3]!.wallet).join(STAKE))
      .to.emit(job, "Joined")
      .withArgs(0, people[3]!.wallet, people[3]!.operator);
    await as(job, people[1]!.wallet).join(3n * STAKE + 1n);
    const player = await playerOf(world, job, [people[3]!, people[1]!]);
    expect((await memberView(player, 1)).wallet).to.equal(await people[1]!.wallet.getAddress());
    expect(await Promise.all([0, 1].map((id) => stakeOf(player, id)))).to.deep.equal([STAKE, 3n * STAKE + 1n]);
    expect(await read(job, "memberCount")).to.equal(2n);
    expect(await read(job, "memberIdPlusOne", people[1]!.wallet)).to.equal(2n);
    expect(await read(job, "memberIdPlusOne", people[0]!.wallet)).to.equal(0n);
    expect(await read<boolean>(job, "isDrawn", people[0]!.wallet)).to.equal(false);
    const listed = async (from: number, to: number): Promise<number> =>
      (await read<readonly unknown[]>(job, "members", from, to)).length;
    expect([await listed(0, 99), await listed(1, 2), await listed(2, 9), await listed(1, 0)]).to.deep.equal([
      2, 1, 0, 0,
    ]);
  });

  it("is for registered wallets, once each, also after leaving", async () => {
    const { world, people, job } = state();
    const stranger = await makeParticipant(world, 90);
    await expect(as(job, stranger.wallet).join(STAKE))
      .to.be.revertedWithCustomError(job, "MayNotJoin")
      .withArgs(stranger.wallet);
    await expect(as(job, stranger.wallet).leaveJob())
      .to.be.revertedWithCustomError(job, "NotAMember")
      .withArgs(stranger.wallet);
    const member = as(job, people[0]!.wallet);
    await member.join(STAKE);
    await expect(member.join(STAKE)).to.be.revertedWithCustomError(job, "AlreadyMember");
    await member.leaveJob();
    await expect(member.join(STAKE)).to.be.revertedWithCustomError(job, "AlreadyMember").withArgs(people[0]!.wallet);
    await expect(member.leaveJob()).to.be.revertedWithCustomError(job, "AlreadyLeft").withArgs(people[0]!.wallet);
  });

  it("starts the job as soon as enough have joined", async () => {
    const { people, job } = state();
    await joinAll(job, people.slice(0, 4));
    await expect(job.advance()).to.be.revertedWithCustomError(job, "NotYet");
    await as(job, people[4]!.wallet).join(STAKE);
    await expect(job.advance()).to.emit(job, "PhaseEntered").withArgs(1, PHASE.draw);
  });

  it("starts the job with three at the deadline", async () => {
    const { world, people, job } = state();
    await joinAll(job, people.slice(0, 3));
    const start = Number((await viewOf(await playerOf(world, job, people))).phaseStart);
    await world.helpers.time.setNextBlockTimestamp(start + 999);
    await expect(job.advance()).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.joining, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(start + 1_000);
    await job.advance();
    expect(await read(job, "phase")).to.equal(PHASE.draw);
  });

  it("fails the job with fewer at the deadline, refunds the sponsor and releases the stakes", async () => {
    const { world, people, job } = state();
    await joinAll(job, people.slice(0, 3));
    await as(job, people[1]!.wallet).leaveJob();
    await world.helpers.mine(3, { interval: 1_000 });
    await expect(job.advance()).to.emit(job, "JobEnded").withArgs(PHASE.failed, POOL);
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.equal(POOL);
    await expect(as(job, people[5]!.wallet).join(STAKE))
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.failed);
    await expect(job.advance()).to.be.revertedWithCustomError(job, "WrongPhase").withArgs(PHASE.failed);
    await expect(as(job, people[0]!.wallet).addStake(1n))
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.failed);
    await as(job, people[0]!.wallet).leaveJob();
    await world.helpers.mine(2, { interval: 6_000 });
    for (const { wallet } of people.slice(0, 2)) {
      await expect(as(world.treasury, wallet).withdraw(job)).to.changeTokenBalance(
        world.ethers,
        world.token,
        wallet,
        STAKE,
      );
    }
  });

  it("lets a member lock more, for draws by stake or after a slash, as long as it is one", async () => {
    const { world, people, job } = state();
    const member = as(job, people[0]!.wallet);
    await expect(member.addStake(1n)).to.be.revertedWithCustomError(job, "NotAMember");
    await member.join(STAKE);
    await expect(member.addStake(0n)).to.be.revertedWithCustomError(job, "StakeTooSmall").withArgs(0, 1);
    await expect(member.addStake(7n * ETHER))
      .to.emit(job, "StakeAdded")
      .withArgs(0, 7n * ETHER);
    expect(await read(world.treasury, "stakeOf", job, people[0]!.walletAddress)).to.equal(107n * ETHER);
    await member.leaveJob();
    await expect(member.addStake(1n)).to.be.revertedWithCustomError(job, "AlreadyLeft");
  });
});

describe("leaving a job before it starts", () => {
  const player = playingFrom(async () => {
    const world = await deployWorld();
    const people = await makeParticipants(world, 7);
    const job = await createJob(world, { startMembers: 7, committeeSize: 7 });
    await joinAll(job, people);
    return playerOf(world, job, people);
  });

  for (const leavers of [[0], [6], [0, 6], [0, 6, 5], [2, 6, 0, 5], [6, 5], [1, 2, 3], [3, 6, 4, 5]]) {
    it(`keeps the others in the draws, and only them, when ${leavers.join(", ")} of 0 to 6 leave`, async () => {
      const { job, members, world } = player();
      for (const id of leavers) await as(job, members[id]!.wallet).leaveJob();
      await world.helpers.mine(2, { interval: 1_000 });
      await advance(player());
      await draw(player());
      const { cohort, seats } = await viewOf(player());
      const left = [0, 1, 2, 3, 4, 5, 6].filter((id) => !leavers.includes(id));
      expect(cohort.map(Number)).to.deep.equal(left);
      expect(seats.map(Number).sort()).to.deep.equal(left);
    });
  }
});
