import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { COHORT_TAG, COMMITTEE_TAG, entropyShare, firstSeed, nextSeed, saltShare } from "../../node/core/sortition.ts";
import { drawWeighted } from "../../node/core/weightedDraw.ts";
import { eventOf, memberOf, PHASE, phaseOf, stakeOf, updateOf, viewOf, waitLong, type View } from "./player.ts";
import { advance, commitAll, draw, shareAll } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, createJob, deployWorld, ETHER, joinAll, makeParticipants, read } from "./world.ts";

const GENESIS = keccakWords(2);
const WORD = 2n ** 256n;

describe("the draw", () => {
  const player = playingFrom(() => startedJob(6, { committeeSize: 4, cohortSize: 5, rounds: 9 }));
  const latestHash = async (): Promise<Hex> => (await player().world.ethers.provider.getBlock("latest"))!.hash as Hex;
  const seedOf = async (): Promise<Hex> => (await viewOf(player())).seed;
  const first = (): Hex => firstSeed(player().domain.chainId, player().domain.job, GENESIS);

  it("waits for the block after the one that was fixed", async () => {
    const { job, world } = player();
    await world.helpers.mine(1);
    expect(await phaseOf(player())).to.equal(PHASE.draw);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.commit);
    await expect(job.advance()).to.be.revertedWithCustomError(job, "NotYet");
  });

  it("is refused in the very block that was fixed, whose hash nobody can read yet", async () => {
    const world = await deployWorld();
    const people = await makeParticipants(world, 3);
    const job = await createJob(world, { startMembers: 3 });
    await joinAll(job, people);
    await world.ethers.provider.send("evm_setAutomine", [false]);
    const start = await job.advance({ gasLimit: 1_000_000 });
    const drawn = await job.advance({ gasLimit: 1_000_000 });
    await world.helpers.mine(1);
    expect((await world.ethers.provider.getTransactionReceipt(start.hash))?.status).to.equal(1);
    expect((await world.ethers.provider.getTransactionReceipt(drawn.hash))?.status).to.equal(0);
    expect(await read(job, "phase")).to.equal(PHASE.draw);
  });

  it("draws cohort and seats without replacement, the cohort ascending, as the TypeScript twin does", async () => {
    await draw(player());
    const { cohort, seats, seed } = await viewOf(player());
    const weights = Array<number>(6).fill(1);
    expect(seats.map(Number)).to.deep.equal(drawWeighted(seed, COMMITTEE_TAG, weights, 4));
    const drawn = drawWeighted(seed, COHORT_TAG, weights, 5);
    expect(cohort.map(Number)).to.deep.equal(drawn.toSorted((a, b) => a - b));
    expect(new Set(cohort).size).to.equal(5);
  });

  it("shows no seed before the first one, which comes from the chain, the job, its model and the block's hash", async () => {
    expect(await seedOf()).to.equal(`0x${"00".repeat(32)}`);
    const hash = await latestHash(); // of the block in which the job started
    await draw(player());
    expect(await seedOf()).to.equal(nextSeed(first(), entropyShare(hash)));
  });

  it("uses no later block where the hash of the fixed one is gone: whoever waits for it chooses nothing", async () => {
    await player().world.helpers.mine(300);
    await advance(player());
    expect(await seedOf()).to.equal(nextSeed(first(), 0n));
  });

  it("is fed by every opened salt, and by the block in which commits closed, once it was recorded", async () => {
    const { world } = player();
    let sum = entropyShare(await latestHash());
    const salt = (view: View): bigint =>
      view.cohort
        .map((id) => saltShare(Number(id), updateOf(player(), view, id).salt))
        .reduce((total, share) => total + share);
    let last = nextSeed(first(), sum);
    for (const round of [1, 2]) {
      await draw(player());
      const view = await viewOf(player());
      expect(view.seed, `round ${round}`).to.equal(last);
      await commitAll(player());
      sum += entropyShare(await latestHash()) + salt(view);
      await shareAll(player());
      await world.helpers.mine(300); // recorded in time, so it stays known
      await waitLong(player());
      await advance(player()); // nobody proposes: skipped
      last = nextSeed(last, sum % WORD);
    }
    await draw(player());
    expect(await seedOf()).to.equal(last);
    // A round without a single opening adds its block alone.
    await waitLong(player());
    await advance(player());
    sum += entropyShare(await latestHash());
    await draw(player());
    expect(await seedOf()).to.equal(nextSeed(last, sum % WORD));
  });

  it("differs from round to round though nobody opens anything and no hash is known", async () => {
    const seeds = new Set<Hex>();
    for (let round = 0; round < 4; round++) {
      await player().world.helpers.mine(300);
      await advance(player());
      seeds.add(await seedOf());
      await waitLong(player());
      await advance(player());
    }
    expect(seeds.size).to.equal(4);
  });
});

describe("a draw by stake", () => {
  const STAKES = [1, 1, 2, 5, 9, 2_000];
  const player = playingFrom(async () => {
    const started = await startedJob(6, {
      committeeSize: 3,
      cohortSize: 3,
      rounds: 9,
      stakeWeighted: true,
      stake: ETHER,
      faultSlash: ETHER / 2n,
      missSlash: ETHER / 4n,
      proofReward: ETHER / 4n,
      joinSeconds: 100_000,
      startMembers: 6,
    });
    return started;
  });

  it("weighs who was slashed below the least stake as one", async () => {
    await draw(player());
    await commitAll(player());
    await waitLong(player());
    await advance(player()); // nobody opens: all in the cohort miss
    const { cohort } = await eventOf<{ cohort: readonly bigint[] }>(player(), draw(player()), "RoundDrawn");
    expect(cohort).to.have.length(3);
    await waitLong(player());
    await advance(player()); // no commits: skipped, and the weights are worked out anew
    const list = await read<readonly { weight: bigint }[]>(player().job, "members", 0, 6);
    const stakes = await Promise.all([0, 1, 2, 3, 4, 5].map((id) => stakeOf(player(), id)));
    expect(stakes.filter((stake) => stake === (ETHER * 3n) / 4n)).to.have.length(3);
    expect(list.map(({ weight }) => weight)).to.deep.equal(Array<bigint>(6).fill(1n));
  });

  it("weighs each by whole stakes of the terms, at least one and at most a thousand", async () => {
    for (const [id, stakes] of STAKES.entries()) {
      if (stakes > 1)
        await as(player().job, memberOf(player(), id).wallet).addStake(BigInt(stakes - 1) * ETHER + ETHER / 3n);
    }
    await draw(player()); // the additions wait for the next snapshot
    const before = await viewOf(player());
    expect(before.seats.map(Number)).to.deep.equal(
      drawWeighted(before.seed, COMMITTEE_TAG, Array<number>(6).fill(1), 3),
    );
    const weights = [1, 1, 2, 5, 9, 1_000];
    for (let round = 2; round < 6; round++) {
      await waitLong(player());
      await advance(player());
      await draw(player());
      const { seed, seats, cohort } = await viewOf(player());
      expect(seats.map(Number)).to.deep.equal(drawWeighted(seed, COMMITTEE_TAG, weights, 3));
      expect(cohort.map(Number)).to.deep.equal(drawWeighted(seed, COHORT_TAG, weights, 3).sort((a, b) => a - b));
    }
  });
});
