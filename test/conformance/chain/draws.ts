import { expect } from "chai";
import { it } from "mocha";
import {
  COHORT_TAG,
  COMMITTEE_TAG,
  entropyShare,
  firstSeed,
  nextSeed,
  saltShare,
} from "../../../node/core/sortition.ts";
import { drawWeighted } from "../../../node/core/weightedDraw.ts";
import { everybody, MARGIN, refusalOf, type Open } from "./game.ts";

/** Who is drawn, and from what. */
export function describeDraws(open: Open): void {
  const ascending = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);

  it("draws cohort and seats from the seed, over those who stood when the last commits closed", async () => {
    const game = await open({ cohortSize: 3, committeeSize: 3 });
    const first = await game.draw();
    const alike = [1, 1, 1, 1];
    expect(first.cohort).to.deep.equal(ascending(drawWeighted(first.seed, COHORT_TAG, alike, 3)));
    expect(first.seats).to.deep.equal(drawWeighted(first.seed, COMMITTEE_TAG, alike, 3));
    await game.job.leave(game.players[0]!.wallet);
    expect((await game.view()).cohort).to.deep.equal(first.cohort);
    expect(await game.member(0)).to.deep.include({ active: false, weight: 1 });
    await game.skip();
    const second = await game.draw();
    expect(second.cohort).to.deep.equal([1, 2, 3]);
    expect(second.seats).to.deep.equal(drawWeighted(second.seed, COMMITTEE_TAG, [0, 1, 1, 1], 3));
    expect(await game.member(0)).to.deep.include({ active: false, weight: 0 });
  });

  it("draws by stake where the terms say so, in units of the least stake, as it stood at the snapshot", async () => {
    const game = await open({ stakeWeighted: true, cohortSize: 3, committeeSize: 3 });
    await game.job.addStake(game.players[2]!.wallet, 6_999n);
    await game.job.addStake(game.players[3]!.wallet, 2_000_000n);
    const weights = [1, 1, 7, 1000];
    const first = await game.draw();
    expect((await game.chain().snapshot()).members.map(({ weight }) => weight)).to.deep.equal(weights);
    expect(first.cohort).to.deep.equal(ascending(drawWeighted(first.seed, COHORT_TAG, weights, 3)));
    expect(first.seats).to.deep.equal(drawWeighted(first.seed, COMMITTEE_TAG, weights, 3));
    await game.job.addStake(game.players[0]!.wallet, 4_000n);
    expect((await game.member(0)).weight).to.equal(1);
    await game.skip();
    const second = await game.draw();
    expect(second.seats).to.deep.equal(drawWeighted(second.seed, COMMITTEE_TAG, [5, 1, 7, 1000], 3));
  });

  it("chains seeds by salts and by block hashes that were recorded in time", async () => {
    const game = await open();
    await game.chain().advance(); // starts the job
    const start = (await game.view()).phaseStartBlock;
    const first = await game.draw();
    const { chainId, job } = game.chain();
    let salts = entropyShare(await game.job.blockHash(start));
    expect(first.seed).to.equal(nextSeed(firstSeed(chainId, job, game.job.terms.genesisHash), salts));

    await game.skip();
    await game.job.mine(300); // more than can be looked up
    const second = await game.draw();
    expect(second.seed).to.equal(nextSeed(first.seed, salts));

    await game.commitBatch();
    const closed = (await game.view()).phaseStartBlock;
    await game.share([1, 2]); // records the hash
    for (const id of [1, 2]) salts += saltShare(id, game.player.opening(id).salt);
    salts = (salts + entropyShare(await game.job.blockHash(closed))) % 2n ** 256n;
    await game.job.passTime(game.job.terms.shareSeconds);
    await game.chain().advance();
    await game.job.mine(300);
    const third = await game.draw();
    expect(third).to.deep.include({ round: 3, cohort: everybody });
    expect(third.seed).to.equal(nextSeed(second.seed, salts));
  });

  it("waits for members where too few can be drawn, lets those in who wait, and ends the job when nobody comes", async () => {
    const game = await open({ rounds: 5 });
    await game.draw();
    for (const id of [1, 3]) await game.job.leave(game.players[id]!.wallet);
    await game.skip();
    expect(await game.view()).to.deep.include({ phase: "draw", round: 2 });
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.job.join(game.job.outsider.wallet);
    expect((await game.member(4)).weight).to.equal(0);
    const short = await game.view();
    await game.chain().advance();
    const complete = await game.view();
    // Who came in knew the last salts: the block that let it in decides.
    expect(complete).to.deep.include({ phase: "draw", round: 2 });
    expect(complete.phaseStartBlock).to.be.greaterThan(short.phaseStartBlock);
    await game.chain().advance();
    expect(await game.view()).to.deep.include({ phase: "commit", round: 2, cohort: [0, 2, 4] });

    await game.job.leave(game.players[0]!.wallet);
    await game.skip();
    await game.job.passTime(game.job.terms.joinSeconds - MARGIN);
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.job.passTime(MARGIN);
    await game.chain().advance();
    expect(await game.view()).to.deep.include({ phase: "finished", round: 3 });
    expect(await game.job.readCredit(game.job.sponsor)).to.equal(game.job.pool);
  });
}
