import { expect } from "chai";
import type { Signer } from "ethers";
import { describe, it } from "mocha";
import { toAddress } from "../../node/core/bytes.ts";
import { startingFrom } from "./startingFrom.ts";
import {
  account,
  addressOf,
  as,
  createJob,
  deploy,
  deployWorld,
  makeParticipants,
  read,
  type Token,
  type Treasury,
  type World,
} from "./world.ts";

const ZERO = `0x${"00".repeat(20)}`;

/** Code that answers zero to everything. */
const NOBODY_IS_DRAWN = "0x5f5f5260205ff3";

/** Code that answers one to everything. */
const EVERYBODY_IS_DRAWN = "0x60015f5260205ff3";

/** A treasury whose factory and job are plain accounts, so that each call can be made on its own. */
async function openTreasury(): Promise<{
  world: World;
  treasury: Treasury;
  factory: Signer;
  job: Signer;
  wallet: Signer;
  other: Signer;
  sponsor: Signer;
  stakes: Token;
}> {
  const world = await deployWorld();
  const treasury = await deploy<Treasury>(world.ethers, "Treasury", world.registry);
  const [factory, job, wallet, other, sponsor] = await Promise.all(
    [0, 1, 2, 3, 4].map((index) => account(world, index)),
  );
  const stakes = await deploy<Token>(world.ethers, "PaceToken", world.sponsor, 10n ** 24n);
  await treasury.bind(factory!.signer);
  for (const token of [world.token, stakes]) {
    for (const who of [sponsor!.signer, wallet!.signer]) {
      await token.transfer(who, 1_000_000n);
      await as(token, who).approve(treasury, 1_000_000n);
    }
  }
  return {
    world,
    treasury,
    factory: factory!.signer,
    job: job!.signer,
    wallet: wallet!.signer,
    other: other!.signer,
    sponsor: sponsor!.signer,
    stakes,
  };
}

describe("the treasury", () => {
  const state = startingFrom(openTreasury);

  /** Opens the job's book; stakes in the pool's token unless told otherwise. */
  async function open(stakeToken = state().world.token): Promise<Treasury> {
    const { treasury, factory, job, sponsor, world } = state();
    await as(treasury, factory).openJob(job, sponsor, world.token, stakeToken, 10_000n);
    return as(treasury, job);
  }

  it("is bound once, by its deployer", async () => {
    const { world, treasury, factory, other } = state();
    await expect(treasury.bind(other)).to.be.revertedWithCustomError(treasury, "AlreadyBound").withArgs(factory);
    const fresh = await deploy<Treasury>(world.ethers, "Treasury", world.registry);
    await expect(as(fresh, other).bind(other)).to.be.revertedWithCustomError(fresh, "OnlyDeployer").withArgs(other);
  });

  it("lets only the factory open jobs and only jobs move ledgers", async () => {
    const { treasury, other, sponsor, world } = state();
    await open();
    const stranger = as(treasury, other);
    await expect(stranger.openJob(other, sponsor, world.token, world.token, 1n)).to.be.revertedWithCustomError(
      treasury,
      "OnlyFactory",
    );
    for (const call of [
      () => stranger.lock(sponsor, 1n),
      () => stranger.unbond(sponsor, 1n),
      () => stranger.slash(sponsor, 1n, ZERO, 0n),
      () => stranger.pay([other], [1n]),
      () => stranger.payOut(other, 1n),
      () => stranger.forfeit(1n),
      () => stranger.refund(other, 0n),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(treasury, "OnlyJob").withArgs(other);
    }
  });

  it("refuses a token that takes a fee on transfer, in pools and in stakes", async () => {
    const { world } = state();
    const token = await deploy<Token>(world.ethers, "FeeToken", world.sponsor, 10n ** 24n);
    await token.approve(world.treasury, 10n ** 24n);
    const address = await addressOf(token);
    await expect(createJob(world, { token: address }, 1_000n))
      .to.be.revertedWithCustomError(world.treasury, "FeeOnTransfer")
      .withArgs(token, 1_000, 990);
    const terms = { stakeToken: address, stake: 500n, faultSlash: 500n, missSlash: 100n, proofReward: 100n };
    const job = await createJob(world, terms, 1_000n);
    const [one] = await makeParticipants(world, 1);
    await token.transfer(one!.walletAddress, 10_000n);
    await as(token, one!.wallet).approve(world.treasury, 10_000n);
    await expect(as(job, one!.wallet).join(500n))
      .to.be.revertedWithCustomError(world.treasury, "FeeOnTransfer")
      .withArgs(token, 500, 495);
  });

  it("takes at most the stake that is there, and rewards at most half of what it took", async () => {
    const { treasury, wallet, other, job, world } = state();
    const asJob = await open();
    await asJob.lock(wallet, 1_001n);
    expect(await asJob.getFunction("slash").staticCall(wallet, 5_000n, other, 9_999n)).to.equal(1_001n);
    await expect(asJob.slash(wallet, 5_000n, other, 9_999n))
      .to.emit(treasury, "StakeSlashed")
      .withArgs(job, wallet, 1_001n, other, 500n);
    expect(await read(treasury, "creditOf", world.token, other)).to.equal(500n);
    expect(await read(treasury, "poolOf", job)).to.equal(10_000n + 501n);
    expect(await asJob.getFunction("slash").staticCall(wallet, 1n, other, 1n)).to.equal(0n);
    await asJob.slash(wallet, 1n, other, 1n);
  });

  it("burns the rest of a slash where stake and pool are different tokens", async () => {
    const { treasury, wallet, other, job, stakes } = state();
    const asJob = await open(stakes);
    await asJob.lock(wallet, 1_000n);
    await asJob.slash(wallet, 600n, other, 50n);
    expect(await read(treasury, "burned", stakes)).to.equal(550n);
    expect(await read(treasury, "creditOf", stakes, other)).to.equal(50n);
    expect(await read(treasury, "poolOf", job)).to.equal(10_000n);
    expect(await read(treasury, "stakeOf", job, wallet)).to.equal(400n);
  });

  it("pays from the pool and never more than is in it", async () => {
    const { treasury, wallet, other, job, world } = state();
    const asJob = await open();
    await asJob.pay([wallet, other, wallet], [7n, 0n, 5n]);
    expect(await read(treasury, "creditOf", world.token, wallet)).to.equal(12n);
    expect(await read(treasury, "poolOf", job)).to.equal(9_988n);
    await expect(asJob.pay([wallet, other], [9_000n, 989n]))
      .to.be.revertedWithCustomError(treasury, "PoolTooSmall")
      .withArgs(job, 9_988n, 9_989n);
    await expect(asJob.pay([wallet], []))
      .to.be.revertedWithCustomError(treasury, "LengthMismatch")
      .withArgs(1, 0);
  });

  it("sends credits to their owner only, whoever pays the gas, and once", async () => {
    const { treasury, wallet, other, world } = state();
    const asJob = await open();
    await asJob.pay([wallet], [700n]);
    await expect(as(treasury, other).claim(world.token))
      .to.be.revertedWithCustomError(treasury, "NothingToClaim")
      .withArgs(other);
    await expect(as(treasury, other).claimFor(world.token, wallet)).to.changeTokenBalance(
      world.ethers,
      world.token,
      wallet,
      700n,
    );
    await expect(as(treasury, wallet).claim(world.token)).to.be.revertedWithCustomError(treasury, "NothingToClaim");
  });

  it("releases stake when its time has come and not before, slashable until then", async () => {
    const { treasury, wallet, job, world } = state();
    const asJob = await open();
    await asJob.lock(wallet, 900n);
    await world.helpers.setCode(await job.getAddress(), NOBODY_IS_DRAWN);
    const holder = as(treasury, wallet);
    await expect(holder.withdraw(job)).to.be.revertedWithCustomError(treasury, "StillBonded").withArgs(job, wallet, 0);
    const time = (await world.helpers.time.latest()) + 1_000;
    await asJob.unbond(wallet, time);
    await asJob.unbond(wallet, time + 5); // the first one counts
    expect(await read(treasury, "withdrawableAt", job, wallet)).to.equal(BigInt(time));
    await world.helpers.time.setNextBlockTimestamp(time - 1);
    await expect(holder.withdraw(job))
      .to.be.revertedWithCustomError(treasury, "StillBonded")
      .withArgs(job, wallet, time);
    await asJob.slash(wallet, 100n, ZERO, 0n);
    await world.helpers.setCode(await job.getAddress(), EVERYBODY_IS_DRAWN);
    await expect(holder.withdraw(job)).to.be.revertedWithCustomError(treasury, "StillDrawn").withArgs(job, wallet);
    await world.helpers.setCode(await job.getAddress(), NOBODY_IS_DRAWN);
    await expect(holder.withdraw(job)).to.changeTokenBalance(world.ethers, world.token, wallet, 800n);
    await expect(holder.withdraw(job)).to.be.revertedWithCustomError(treasury, "NothingToWithdraw");
  });

  it("sends what a job pays out to the wallet's payout address, as the registry has it", async () => {
    const { treasury, wallet, other, job, world } = state();
    const asJob = await open();
    await as(world.registry, wallet).setPayout(other);
    await expect(asJob.payOut(wallet, 400n)).to.emit(treasury, "PaidOut").withArgs(job, wallet, other, 400n);
    expect(await read(world.token, "balanceOf", other)).to.equal(400n);
    expect(await read(treasury, "poolOf", job)).to.equal(9_600n);
    await expect(asJob.payOut(wallet, 9_601n)).to.be.revertedWithCustomError(treasury, "PoolTooSmall");
    await asJob.pay([wallet], [100n]);
    await asJob.lock(wallet, 300n);
    await asJob.unbond(wallet, 1n);
    await as(treasury, wallet).claim(world.token);
    expect(await read(world.token, "balanceOf", other)).to.equal(500n);
  });

  it("gives the sponsor what is left, but for what members have earned and not yet claimed", async () => {
    const { treasury, wallet, job, world, sponsor } = state();
    const asJob = await open();
    await asJob.pay([wallet], [1n]);
    await expect(asJob.refund(sponsor, 3_000n)).to.emit(treasury, "Refunded").withArgs(job, sponsor, 6_999n, 0n);
    expect(await read(treasury, "creditOf", world.token, sponsor)).to.equal(6_999n);
    expect(await read(treasury, "poolOf", job)).to.equal(3_000n);
    await asJob.payOut(wallet, 3_000n);
    expect(toAddress(await job.getAddress())).to.be.properAddress;
  });

  it("burns slashed stake that nobody earned: no sponsor gains by a slash", async () => {
    const { treasury, wallet, job, world, sponsor } = state();
    const asJob = await open();
    await asJob.lock(wallet, 2_000n);
    await asJob.slash(wallet, 700n, ZERO, 0n);
    await asJob.pay([wallet], [4_000n]);
    await expect(asJob.refund(sponsor, 100n))
      .to.emit(treasury, "Refunded")
      .withArgs(job, sponsor, 10_700n - 4_000n - 100n - 700n, 700n);
    expect(await read(treasury, "burned", world.token)).to.equal(700n);
    // What is slashed after the end is burned too.
    await asJob.slash(wallet, 50n, ZERO, 0n);
    expect(await read(treasury, "burned", world.token)).to.equal(750n);
    expect(await read(treasury, "poolOf", job)).to.equal(100n);
  });

  it("burns what a fault forfeits where there is no stake", async () => {
    const { treasury, job, world } = state();
    const asJob = await open();
    await expect(asJob.forfeit(900n)).to.emit(treasury, "Forfeited").withArgs(job, 900n);
    expect(await read(treasury, "burned", world.token)).to.equal(900n);
    expect(await read(treasury, "poolOf", job)).to.equal(9_100n);
    await expect(asJob.forfeit(9_101n)).to.be.revertedWithCustomError(treasury, "PoolTooSmall");
  });

  it("burns a slash for which a pool has no room, instead of blocking the round", async () => {
    const { world, treasury, factory, job, wallet } = state();
    const token = await deploy<Token>(world.ethers, "PaceToken", world.sponsor, 2n ** 100n);
    await token.approve(treasury, 2n ** 100n);
    await token.transfer(wallet, 10n ** 20n);
    await as(token, wallet).approve(treasury, 10n ** 20n);
    const full = 2n ** 96n - 1n;
    await as(treasury, factory).openJob(job, world.sponsor, token, token, full);
    const asJob = as(treasury, job);
    await asJob.lock(wallet, 10n ** 20n);
    await asJob.slash(wallet, 10n ** 19n, ZERO, 0n);
    expect(await read(treasury, "poolOf", job)).to.equal(full);
    expect(await read(treasury, "burned", token)).to.equal(10n ** 19n);
  });
});
