import { expect } from "chai";
import { describe, it } from "mocha";
import { earnedBy, memberView, PHASE, phaseOf, waitLong } from "./player.ts";
import { advance, attestAll, playRound, playToPropose } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { proposeWrong, prove } from "./trial.ts";
import { as, POOL, read } from "./world.ts";

describe("the ledgers", () => {
  const player = playingFrom(() => startedJob(6, { committeeSize: 4, rounds: 3 }));

  /** Everything that the treasury owes, account by account; members' pay is in the pool. */
  async function owed(): Promise<bigint> {
    const { world, job, members } = player();
    const { treasury, token } = world;
    let sum = (await read(treasury, "poolOf", job)) + (await read(treasury, "burned", token));
    const accounts = members.flatMap(({ walletAddress, address }) => [walletAddress, address]);
    for (const one of [...accounts, await world.sponsor.getAddress()]) {
      sum += (await read(treasury, "stakeOf", job, one)) + (await read(treasury, "creditOf", token, one));
    }
    return sum;
  }
  async function check(): Promise<void> {
    const { treasury, token } = player().world;
    expect(await read(token, "balanceOf", treasury)).to.equal(await owed());
  }

  it("hold exactly what they owe, through rounds, slashes, claims and withdrawals, and pay out all but what is burned", async () => {
    const { world, job, members } = player();
    const { treasury, token } = world;
    await check();
    await playRound(player());
    await check();
    await as(job, members[1]!.wallet).claim(1);
    await check();
    await playToPropose(player());
    await prove(player(), await proposeWrong(player(), 17, -1), 17);
    await check();
    await waitLong(player());
    await advance(player());
    await check();
    await playRound(player());
    expect(await phaseOf(player())).to.equal(PHASE.finished);
    await check();
    for (const [id, { wallet, walletAddress }] of members.entries()) {
      if (!(await memberView(player(), id)).ejected) await as(job, wallet).leaveJob();
      else await job.unbond(id);
      if ((await earnedBy(player(), id)) > 0n) await job.claim(id);
      if ((await read(treasury, "creditOf", token, walletAddress)) > 0n) await treasury.claimFor(token, walletAddress);
    }
    await world.helpers.time.increase(5_701);
    for (const { wallet } of members) await as(treasury, wallet).withdraw(job);
    await treasury.claim(token);
    await check();
    expect(await read(treasury, "poolOf", job)).to.equal(0n);
    expect(await read(token, "balanceOf", treasury)).to.equal(await read(treasury, "burned", token));
  });

  it("take from nobody what it has earned: the pool covers all credits at the end of a job that went wrong", async () => {
    const { world, job, members } = player();
    await playRound(player());
    await playRound(player());
    await playToPropose(player());
    const wrong = await proposeWrong(player(), 3, 2);
    await attestAll(player(), [1, 2], []);
    await prove(player(), wrong, 3);
    await advance(player()); // no quorum is left: skipped
    expect(await phaseOf(player())).to.equal(PHASE.finished);
    await check();
    const credits = await Promise.all([...members.keys()].map((id) => earnedBy(player(), id)));
    const sum = credits.reduce((total, credit) => total + credit);
    expect(await read(world.treasury, "poolOf", job)).to.equal(sum);
    expect(sum).to.be.within(POOL / 2n, (POOL * 2n) / 3n);
    for (const [id, { walletAddress }] of members.entries()) {
      await expect(job.claim(id)).to.changeTokenBalance(world.ethers, world.token, walletAddress, credits[id]!);
    }
    await check();
  });
});
