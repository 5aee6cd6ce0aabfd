import { expect } from "chai";
import { describe, it } from "mocha";
import { bitsOf } from "../../node/core/roundView.ts";
import { weightedMean, weightsOf } from "../../node/core/weightedMean.ts";
import { allow, deployConsortium, send, strangers } from "./consortiumWorld.ts";
import { scoreOpeningOf } from "./messages.ts";
import { eventOf, makeUpdate, memberView, PHASE, phaseOf, stakeOf, updateOf, viewOf, waitLong } from "./player.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  draw,
  includedOf,
  playToChallenge,
  playToPropose,
  proposeFrom,
  proposeRight,
} from "./round.ts";
import { measuredVector, partsOf, payOf, settleBy, type Contributions, type Settled } from "./settling.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { prove } from "./trial.ts";
import { as, consentOf, createJob, ETHER, makeParticipants, POOL } from "./world.ts";

/** Six members, five seats, one round: all the pool is one round's pay. */
const ONE_ROUND = { committeeSize: 5, rounds: 1 } as const;
const PAY = partsOf(POOL);
/** The attacker. */
const EVE = 2;
/** What honest seats measure: nothing of eve, and the same of each other. */
const WITHOUT_EVE: Contributions = { 0: 1, 1: 1, 3: 1, 4: 1, 5: 1 };

describe("threat: a free rider", () => {
  const player = playingFrom(() => startedJob(6, ONE_ROUND));

  it("that sends zeros is paid nothing, though a seat gives it all it can; the others share what it wanted", async () => {
    player().replaced.set(EVE, makeUpdate(new Int16Array(300), 1_000, 66));
    await playToChallenge(player());
    const view = await viewOf(player());
    const friend = [0, 1, 2, 3, 4].find((seat) => view.seats[seat] !== BigInt(EVE))!;
    const settled = await settleBy(player(), (seat) => (seat === friend ? { [EVE]: 1 } : WITHOUT_EVE));
    expect(payOf(view, settled, EVE)).to.equal(0n);
    expect(settled.contributorsPay.reduce((sum, pay) => sum + pay)).to.equal(PAY.contributors);
    for (const id of [0, 1, 3, 4, 5]) expect(payOf(view, settled, id)).to.be.greaterThan(PAY.contributors / 6n);
    expect((await memberView(player(), EVE)).trailingScore).to.equal(0n);
  });

  it("that does nothing at all, round after round, lives on no trailing score either", async () => {
    const started = await startedJob(6, { committeeSize: 5, rounds: 2 });
    started.replaced.set(EVE, makeUpdate(new Int16Array(300), 1_000, 66));
    await playToChallenge(started);
    await settleBy(started, () => WITHOUT_EVE);
    await playToChallenge(started);
    const view = await viewOf(started);
    const settled = await settleBy(started, () => ({})); // all abstain: the trailing scores pay
    expect(payOf(view, settled, EVE)).to.equal(0n);
    expect(payOf(view, settled, 0)).to.be.greaterThan(0n);
  });
});

describe("threat: an inflated example count", () => {
  const player = playingFrom(() => startedJob(6, ONE_ROUND));

  it("weighs at most twice the median, is paid by score all the same, and an aggregate with more is proven wrong", async () => {
    const view = await viewOf(player());
    const own = updateOf(player(), { ...view, round: 1n }, EVE);
    player().replaced.set(EVE, { ...own, exampleCount: 4_000_000_000 });
    await playToPropose(player());
    const fixed = await viewOf(player());
    const counts = includedOf(player(), fixed).map(({ exampleCount }) => exampleCount);
    expect(counts).to.deep.equal([20, 33, 1_000, 59, 72, 85]); // at most the cap of the terms
    const weights = weightsOf(counts, player().weightCap);
    expect(weights).to.deep.equal([20, 33, 118, 59, 72, 85]); // and twice the lower median
    // An aggregator who takes eve at its word is wrong wherever the two means differ.
    const updates = counts.map((weight, id) => ({ values: updateOf(player(), fixed, id).values, weight }));
    const greedy = aggregateTree(weightedMean(updates));
    await proposeFrom(player(), 0, greedy.tree.root);
    await prove(player(), { view: await viewOf(player()), aggregate: greedy }, 5);
    expect(await phaseOf(player())).to.equal(PHASE.propose);
    expect(await stakeOf(player(), fixed.seats[0]!)).to.equal(40n * ETHER);
    await proposeRight(player(), 1);
    const after = await viewOf(player());
    const equal = { 0: 1, 1: 1, [EVE]: 1, 3: 1, 4: 1, 5: 1 };
    const openings = bitsOf(after.liveSeats).map((seat) =>
      scoreOpeningOf(after, seat, measuredVector(after, seat, equal)),
    );
    await attestAll(player(), bitsOf(after.liveSeats), openings);
    const settled = await eventOf<Settled>(player(), player().job.openScores(openings), "RoundSettled");
    // Measured alike, paid alike: one score point of 10,000 is what rounding may give.
    expect(payOf(after, settled, EVE)).to.be.within((PAY.contributors * 99n) / 600n, (PAY.contributors * 103n) / 600n);
  });
});

describe("threat: a poisoned update", () => {
  it("moves no coordinate beyond the honest values where the job takes the median or trims, and earns nothing", async () => {
    for (const [rule, trimPermille] of [
      [2, 0],
      [1, 200],
    ] as const) {
      const player = await startedJob(6, { ...ONE_ROUND, rule, trimPermille });
      for (const id of [0, 1, 3, 4, 5]) {
        player.replaced.set(id, makeUpdate(new Int16Array(300).fill(10 * id - 30), 50, id));
      }
      player.replaced.set(EVE, makeUpdate(new Int16Array(300).fill(-32_767), 1_000, 66)); // scaled, against the others
      await playToPropose(player);
      const view = await viewOf(player);
      const aggregate = aggregateOf(player, view);
      expect(aggregate[7]! / 256, `rule ${rule}`).to.be.within(-30, 20);
      await proposeFrom(player, 0, aggregateTree(aggregate).tree.root);
      const settled = await settleBy(player, () => WITHOUT_EVE);
      expect(payOf(view, settled, EVE)).to.equal(0n);
    }
  });
});

describe("threat: Sybils", () => {
  it("lock a stake each, weigh together no more than one in draws by stake, and share about one's pay", async () => {
    const player = await startedJob(6, { ...ONE_ROUND, committeeSize: 6, stakeWeighted: true });
    const whole = [0, 1, 2].map((id) => stakeOf(player, id)); // one participant under three names
    expect((await Promise.all(whole)).reduce((sum, stake) => sum + stake)).to.equal(300n * ETHER);
    const weights = await Promise.all([0, 1, 2].map(async (id) => (await memberView(player, id)).weight));
    expect(weights).to.deep.equal([1n, 1n, 1n]); // as one with 300 would weigh 3
    await playToChallenge(player);
    const view = await viewOf(player);
    // Its contribution of 3 is measured in thirds; the others bring 3 each.
    const settled = await settleBy(player, () => ({ 0: 1, 1: 1, 2: 1, 3: 3, 4: 3, 5: 3 }));
    const sybils = [0, 1, 2].reduce((sum, id) => sum + payOf(view, settled, id), 0n);
    const honest = [3, 4, 5].map((id) => payOf(view, settled, id));
    // A seat does not score itself, so that each of the three is spared one low score: that is all that splitting gains.
    for (const pay of honest) expect(sybils).to.be.within(pay, (pay * 5n) / 4n);
  });

  it("cannot come into a job of a consortium: its list has one wallet for each member", async () => {
    const world = await deployConsortium();
    const [listed, sybil] = await strangers(world, 2);
    await send(allow(world, [listed!]), world.admin);
    await as(world.registry, listed!.wallet).register(listed!.address, await consentOf(world, listed!));
    await expect(as(world.registry, sybil!.wallet).register(sybil!.address, await consentOf(world, sybil!)))
      .to.be.revertedWithCustomError(world.registry, "WalletNotAllowed")
      .withArgs(sybil!.wallet);
    const job = await createJob(world);
    await expect(as(job, sybil!.wallet).join(100n * ETHER)).to.be.revertedWithCustomError(job, "MayNotJoin");
  });

  it("that flood a job displace nobody at once: they are let in by 32 a round, and pay for it with 32 stakes", async () => {
    const player = await startedJob(5, { ...ONE_ROUND, rounds: 9 });
    const sybils = await makeParticipants(player.world, 33, 300);
    for (const { wallet } of sybils) await as(player.job, wallet).join(100n * ETHER);
    await draw(player);
    expect((await viewOf(player)).cohort).to.have.length(5);
    await waitLong(player);
    await advance(player);
    await draw(player);
    expect((await viewOf(player)).cohort).to.have.length(37);
  });
});
