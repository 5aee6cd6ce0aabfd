import { expect } from "chai";
import { describe, it } from "mocha";
import { nextSeed } from "../../node/core/sortition.ts";
import { ZERO_WORD } from "../../node/core/bytes.ts";
import {
  advance,
  commitAll,
  draw,
  PHASE,
  phaseOf,
  playerOf,
  playRound,
  viewOf,
  waitLong,
  type Player,
} from "./round.ts";
import { playingFrom, startedJob, startingFrom } from "./startingFrom.ts";
import {
  as,
  createJob,
  deployWorld,
  joinAll,
  makeParticipant,
  makeParticipants,
  read,
  type Job,
  type World,
} from "./world.ts";

interface MemberView {
  readonly operator: string;
  readonly barred: boolean;
  readonly active: boolean;
}

const memberViews = async (job: Job): Promise<readonly MemberView[]> =>
  read<readonly MemberView[]>(job, "members", 0, 1_000);

describe("joining a job", () => {
  const state = startingFrom(async () => {
    const world = await deployWorld();
    const people = await makeParticipants(world, 7);
    return { world, people, job: await createJob(world) };
  });

  it("locks the stake of the terms and gives ids in order", async () => {
    const { world, people, job } = state();
    await expect(as(job, people[3]!.wallet).join())
      .to.emit(job, "Joined")
      .withArgs(0, people[3]!.wallet, people[3]!.operator);
    await as(job, people[1]!.wallet).join();
    expect((await memberViews(job)).map(({ operator }) => operator.toLowerCase())).to.deep.equal([
      people[3]!.address,
      people[1]!.address,
    ]);
    expect(await read(world.treasury, "stakeOf", job, people[3]!.walletAddress)).to.equal(100n * 10n ** 18n);
    expect(await read(job, "memberCount")).to.equal(2n);
  });

  it("is for registered wallets, once each, also after leaving", async () => {
    const { world, people, job } = state();
    const stranger = await makeParticipant(world, 90);
    await expect(as(job, stranger.wallet).join())
      .to.be.revertedWithCustomError(job, "NotRegistered")
      .withArgs(stranger.wallet);
    await expect(as(job, stranger.wallet).leave())
      .to.be.revertedWithCustomError(job, "NotAMember")
      .withArgs(stranger.wallet);
    const member = as(job, people[0]!.wallet);
    await member.join();
    await expect(member.join()).to.be.revertedWithCustomError(job, "AlreadyMember");
    await member.leave();
    await expect(member.join()).to.be.revertedWithCustomError(job, "AlreadyMember").withArgs(people[0]!.wallet);
    await expect(member.leave()).to.be.revertedWithCustomError(job, "NotAMember");
  });

  it("starts the job as soon as enough have joined", async () => {
    const { people, job } = state();
    await joinAll(job, people.slice(0, 4));
    await expect(job.advance()).to.be.revertedWithCustomError(job, "NotYet");
    await as(job, people[4]!.wallet).join();
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
    await as(job, people[1]!.wallet).leave();
    await world.helpers.mine(3, { interval: 1_000 });
    await expect(job.advance())
      .to.emit(job, "JobEnded")
      .withArgs(PHASE.failed, 1_000_003n * 10n ** 18n + 7n);
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.equal(1_000_003n * 10n ** 18n + 7n);
    await expect(as(job, people[5]!.wallet).join())
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.failed);
    await expect(job.advance()).to.be.revertedWithCustomError(job, "WrongPhase").withArgs(PHASE.failed);
    await as(job, people[0]!.wallet).leave();
    await world.helpers.mine(2, { interval: 6_000 });
    for (const index of [0, 1]) {
      const holder = as(world.treasury, people[index]!.wallet);
      await expect(holder.withdraw(job)).to.changeTokenBalance(
        world.ethers,
        world.token,
        people[index]!.wallet,
        100n * 10n ** 18n,
      );
    }
  });
});

describe("leaving a job", () => {
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
      for (const id of leavers) await as(job, members[id]!.wallet).leave();
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

describe("the draw", () => {
  const player = playingFrom(() => startedJob(6, { committeeSize: 4, cohortSize: 5, rounds: 9 }));

  it("waits for the block after the one that was fixed", async () => {
    const { job, world } = player();
    await world.helpers.mine(1);
    expect(await phaseOf(player())).to.equal(PHASE.draw);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.commit);
    await expect(job.advance()).to.be.revertedWithCustomError(job, "NotYet");
  });

  it("draws cohort and seats without replacement, the cohort ascending", async () => {
    await draw(player());
    const { cohort, seats } = await viewOf(player());
    expect(cohort).to.have.length(5);
    expect(seats).to.have.length(4);
    expect([...cohort].sort()).to.deep.equal([...cohort]);
    expect(new Set(cohort).size).to.equal(5);
    expect(new Set(seats).size).to.equal(4);
    for (const id of [...cohort, ...seats]) expect(Number(id)).to.be.within(0, 5);
  });

  it("takes its seed from the last one, the salts and the block's hash", async () => {
    const before = await viewOf(player());
    const { world } = player();
    const entropyBlock = await world.ethers.provider.getBlock("latest");
    await draw(player());
    const expected = nextSeed(before.seed, 0n, entropyBlock!.hash as `0x${string}`);
    expect((await viewOf(player())).seed).to.equal(expected);
  });

  it("uses zero, and no later block, where the hash is gone", async () => {
    const before = await viewOf(player());
    await player().world.helpers.mine(300);
    await advance(player());
    expect((await viewOf(player())).seed).to.equal(nextSeed(before.seed, 0n, ZERO_WORD));
  });
});

describe("changes of the membership during a round", () => {
  async function withTwoMore(): Promise<Player> {
    const player = await startedJob(5, { startMembers: 5, rounds: 9 });
    const more = [await makeParticipant(player.world, 50), await makeParticipant(player.world, 51)];
    await register(player.world, more);
    return { ...player, members: [...player.members, ...more] };
  }
  async function register(world: World, more: readonly Awaited<ReturnType<typeof makeParticipant>>[]): Promise<void> {
    const { consentOf } = await import("./world.ts");
    for (const one of more) {
      await as(world.registry, one.wallet).register(one.address, await consentOf(world, one));
      await world.token.transfer(one.walletAddress, 1_000n * 10n ** 18n);
      await as(world.token, one.wallet).approve(world.treasury, 1_000n * 10n ** 18n);
    }
  }
  const player = playingFrom(withTwoMore);
  const cohortIds = async (): Promise<number[]> => [...(await viewOf(player())).cohort].map(Number);

  it("count from the draw after the next close of commits", async () => {
    const { job, members, world } = player();
    await as(job, members[5]!.wallet).join(); // in Draw: after the snapshot
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 1, 2, 3, 4]);
    await as(job, members[1]!.wallet).leave();
    expect(await read(world.treasury, "withdrawableAt", job, members[1]!.walletAddress)).to.equal(0n);
    await commitAll(player());
    const closed = await (await advance(player())).getBlock();
    expect(await read(world.treasury, "withdrawableAt", job, members[1]!.walletAddress)).to.equal(
      BigInt(closed!.timestamp + 5_700),
    );
    await as(job, members[6]!.wallet).join(); // after this snapshot
    await waitLong(player());
    await advance(player()); // nothing was shared: the round is skipped
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 2, 3, 4, 5]);
    await commitAll(player());
    await advance(player());
    await waitLong(player());
    await advance(player());
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 2, 3, 4, 5, 6]);
  });

  it("let who leaves finish the round and be paid", async () => {
    const { job, members, world } = player();
    await as(job, members[0]!.wallet).leave();
    await playRound(player());
    expect(await read(world.treasury, "creditOf", world.token, members[0]!.walletAddress)).to.be.greaterThan(0n);
    await draw(player());
    expect(await cohortIds()).to.deep.equal([1, 2, 3, 4]);
    await playRoundFromCommit();
  });

  async function playRoundFromCommit(): Promise<void> {
    await commitAll(player());
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.share);
  }

  it("end the job when fewer than three are left", async () => {
    const { job, members } = player();
    for (const index of [0, 1, 2]) await as(job, members[index]!.wallet).leave();
    await draw(player());
    await commitAll(player());
    await advance(player());
    await waitLong(player());
    await advance(player());
    await player().world.helpers.mine(1);
    await expect(advance(player())).to.emit(job, "JobEnded");
    expect(await phaseOf(player())).to.equal(PHASE.finished);
  });

  it("release who was still in the queue when the job ended", async () => {
    const { job, members, world } = player();
    for (const index of [0, 1, 2]) await as(job, members[index]!.wallet).leave();
    await draw(player());
    await commitAll(player());
    await advance(player());
    await as(job, members[3]!.wallet).leave(); // queued
    await expect(as(job, members[3]!.wallet).leave()).to.be.revertedWithCustomError(job, "NotAMember");
    await waitLong(player());
    await advance(player());
    await world.helpers.mine(1);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.finished);
    await as(job, members[3]!.wallet).leave();
    expect(await read(world.treasury, "withdrawableAt", job, members[3]!.walletAddress)).to.be.greaterThan(0n);
    await expect(as(job, members[3]!.wallet).leave()).to.be.revertedWithCustomError(job, "NotAMember");
  });

  it("apply 64 at a time", async () => {
    const { world, job } = player();
    const crowd = await Promise.all(Array.from({ length: 70 }, (_, index) => makeParticipant(world, 100 + index)));
    await register(world, crowd);
    await joinAll(job, crowd);
    const inCohort = async (): Promise<number> => (await viewOf(player())).cohort.length;
    await draw(player());
    await waitLong(player());
    await advance(player()); // skipped: no commits
    await draw(player());
    expect(await inCohort()).to.equal(64); // of 69 candidates
    const { seats } = await viewOf(player());
    expect(seats.length).to.equal(7);
    await waitLong(player());
    await advance(player());
    await draw(player());
    expect(await inCohort()).to.equal(64);
    expect(await read(job, "memberCount")).to.equal(75n);
  });
});
