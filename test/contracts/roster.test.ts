import { expect } from "chai";
import { describe, it } from "mocha";
import { memberOf, memberView, PHASE, phaseOf, viewOf, waitLong, type Player } from "./player.ts";
import { advance, commitAll, draw, playFromChallenge, proposeRight, shareAll } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, consentOf, ETHER, joinAll, makeParticipant, makeParticipants, read } from "./world.ts";

const STAKE = 100n * ETHER;

describe("changes of the membership during a round", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(5, { startMembers: 5, rounds: 9 });
    return { ...started, members: [...started.members, ...(await makeParticipants(started.world, 2, 50))] };
  });
  const cohortIds = async (): Promise<number[]> => [...(await viewOf(player())).cohort].map(Number);
  const withdrawableAt = (id: number): Promise<bigint> =>
    read(player().world.treasury, "withdrawableAt", player().job, memberOf(player(), id).walletAddress);
  const leave = async (id: number): Promise<unknown> => as(player().job, memberOf(player(), id).wallet).leaveJob();
  const join = async (id: number): Promise<unknown> => as(player().job, memberOf(player(), id).wallet).join(STAKE);
  /** The rest of a round in which nobody acts after Commit. */
  async function skip(): Promise<void> {
    await waitLong(player());
    await advance(player());
  }

  it("count from the draw after the next close of commits", async () => {
    await join(5); // in Draw: after the snapshot
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 1, 2, 3, 4]);
    await leave(1);
    expect(await withdrawableAt(1)).to.equal(0n);
    await commitAll(player());
    await join(6); // after this snapshot
    await skip();
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 2, 3, 4, 5]);
    await commitAll(player());
    await skip();
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 2, 3, 4, 5, 6]);
  });

  it("of a stake are counted once a round, however often it grows", async () => {
    const { job, world } = player();
    await draw(player());
    for (const amount of [1n, 2n, 3n]) await as(job, memberOf(player(), 2).wallet).addStake(amount);
    expect(await read(world.treasury, "stakeOf", job, memberOf(player(), 2).walletAddress)).to.equal(STAKE + 6n);
    await commitAll(player());
    await skip();
    await draw(player());
    expect(await cohortIds()).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("let who leaves finish the round and be paid, and keep its stake there until then", async () => {
    const { world, job } = player();
    await draw(player());
    await leave(0);
    await expect(job.unbond(0)).to.be.revertedWithCustomError(job, "StillMember").withArgs(0);
    await commitAll(player());
    await expect(job.unbond(0)).to.be.revertedWithCustomError(job, "StillDrawn").withArgs(0, 1);
    await shareAll(player());
    await proposeRight(player());
    await playFromChallenge(player());
    expect((await memberView(player(), 0)).credit).to.be.greaterThan(0n);
    expect(await withdrawableAt(0)).to.equal(0n);
    const over = await (await job.unbond(0)).getBlock(); // by anyone, once its last round is over
    expect(await withdrawableAt(0)).to.equal(BigInt(over!.timestamp + 5_700));
    await draw(player());
    expect(await cohortIds()).to.deep.equal([1, 2, 3, 4]);
    await job.unbond(0); // changes nothing
    await world.helpers.time.setNextBlockTimestamp(over!.timestamp + 5_700);
    await expect(as(world.treasury, memberOf(player(), 0).wallet).withdraw(job)).to.changeTokenBalance(
      world.ethers,
      world.token,
      memberOf(player(), 0).wallet,
      STAKE,
    );
  });

  it("end the job when fewer than three are left, once these have had time to come back", async () => {
    const { job, world } = player();
    for (const id of [0, 1, 2]) await leave(id);
    await draw(player());
    await commitAll(player());
    await skip();
    const start = Number((await viewOf(player())).phaseStart);
    await world.helpers.mine(2);
    await world.helpers.time.setNextBlockTimestamp(start + 999);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.draw, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(start + 1_000);
    await expect(advance(player())).to.emit(job, "JobEnded");
    expect(await phaseOf(player())).to.equal(PHASE.finished);
  });

  it("are let in by a draw that waits for a third candidate", async () => {
    for (const id of [0, 1, 2]) await leave(id);
    await draw(player());
    await commitAll(player());
    await skip();
    await expect(draw(player())).to.be.revertedWithCustomError(player().job, "NotYet");
    await join(5);
    await draw(player()); // lets it in; who came in knows the salts already, so that another block decides
    expect(await phaseOf(player())).to.equal(PHASE.draw);
    await draw(player());
    expect(await cohortIds()).to.deep.equal([3, 4, 5]);
  });

  it("release who was still in the queue when the job ended", async () => {
    for (const id of [0, 1, 2]) await leave(id);
    await draw(player());
    await commitAll(player());
    await leave(3); // queued
    await expect(leave(3)).to.be.revertedWithCustomError(player().job, "AlreadyLeft");
    await skip();
    await waitLong(player());
    await advance(player()); // lets the queue in, then ends
    expect(await phaseOf(player())).to.equal(PHASE.finished);
    expect(await withdrawableAt(3)).to.be.greaterThan(0n);
    await leave(4);
    expect(await withdrawableAt(4)).to.be.greaterThan(0n);
    await expect(leave(4)).to.be.revertedWithCustomError(player().job, "AlreadyLeft");
  });

  it("of a rotated operator take effect at the next draw, and the old key signs until then", async () => {
    const { world, job } = player();
    await draw(player());
    const old = memberOf(player(), 2);
    const fresh = await makeParticipant(world, 60);
    await as(world.registry, old.wallet).rotate(
      fresh.address,
      await consentOf(world, { ...fresh, walletAddress: old.walletAddress }, 1n),
    );
    await expect(job.refreshOperator(2)).to.emit(job, "OperatorChanged").withArgs(2, fresh.operator, 2);
    await expect(job.refreshOperator(2)).to.be.revertedWithCustomError(job, "OperatorUnchanged");
    await expect(job.refreshOperator(99)).to.be.revertedWithCustomError(job, "NoSuchMember");
    expect((await memberView(player(), 2)).operator).to.equal(await old.operator.getAddress());
    await commitAll(player()); // signed by the old key
    expect((await viewOf(player())).committedMask).to.equal(0b11111n);
    await skip();
    await draw(player());
    expect((await memberView(player(), 2)).operator).to.equal(await fresh.operator.getAddress());
    await commitAll(player());
    expect((await viewOf(player())).committedMask).to.equal(0b11011n);
    const members = player().members.with(2, { ...fresh, wallet: old.wallet, walletAddress: old.walletAddress });
    await commitAll({ ...player(), members } as Player);
    expect(await phaseOf(player())).to.equal(PHASE.share);
  });

  it("cost a member that rotates twice within a round nothing", async () => {
    const { world, job } = player();
    await draw(player());
    const old = memberOf(player(), 2);
    for (const [index, nonce] of [
      [60, 1n],
      [61, 2n],
    ] as const) {
      const fresh = await makeParticipant(world, index);
      await as(world.registry, old.wallet).rotate(
        fresh.address,
        await consentOf(world, { ...fresh, walletAddress: old.walletAddress }, nonce),
      );
      await job.refreshOperator(2);
      expect((await memberView(player(), 2)).operator).to.equal(await old.operator.getAddress());
    }
    await commitAll(player());
    await skip();
    const last = await makeParticipant(world, 61);
    expect((await memberView(player(), 2)).operator).to.equal(await last.operator.getAddress());
  });

  it("apply 64 departures and 32 arrivals at a close of commits; the rest waits its turn", async () => {
    const { world, job } = player();
    const crowd = await makeParticipants(world, 40, 100);
    await joinAll(job, crowd);
    const members = [...player().members.slice(0, 5), ...crowd];
    const candidates = async (): Promise<number> => {
      const list = await read<readonly { weight: bigint }[]>(job, "members", 0, 1_000);
      return list.filter(({ weight }) => weight > 0n).length;
    };
    expect(await candidates()).to.equal(5);
    await draw(player());
    await skip();
    expect(await candidates()).to.equal(37);
    await draw(player());
    await skip();
    expect(await candidates()).to.equal(45);
    expect(await read(job, "memberCount")).to.equal(45n);
    for (const { wallet } of members.slice(5)) await as(job, wallet).leaveJob();
    await draw(player());
    await skip();
    expect(await candidates()).to.equal(5);
  });
});
