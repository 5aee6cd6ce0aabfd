import { expect } from "chai";
import { describe, it } from "mocha";
import { weightedMean, weightsOf } from "../../node/core/weightedMean.ts";
import { bitmapOf, openingOf } from "./messages.ts";
import { eventOf, everyone, memberView, PHASE, phaseOf, stakeOf, updateOf, viewOf, waitLong } from "./player.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  commitAll,
  draw,
  includedOf,
  openAllScores,
  playToPropose,
  proposeFrom,
  proposeRight,
  shareAll,
} from "./round.ts";
import { partsOf, settleBy, type Settled } from "./settling.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { demand, proposeWrong, prove, signedRoot, statementOf, wrongLeafOf } from "./trial.ts";
import { ETHER, POOL } from "./world.ts";

const prepare = async (): ReturnType<typeof startedJob> => {
  const started = await startedJob(6, { committeeSize: 4, rounds: 2, suspendDraws: 1 });
  await playToPropose(started);
  return started;
};

describe("threat: a dead aggregator", () => {
  const player = playingFrom(prepare);

  it("delays the round by a slot, earns nothing and pays a miss; the next seat is paid in its place", async () => {
    const { seats } = await viewOf(player());
    await player().world.helpers.mine(3, { interval: 100 });
    await proposeRight(player(), 1);
    const settled = await settleBy(player(), () => ({ 0: 1, 1: 1, 2: 1 }));
    const { aggregator, committee } = partsOf((POOL + ETHER) / 2n); // the miss joined the pool
    expect(settled.judgesPay[1]! - settled.judgesPay[2]!).to.be.within(aggregator, aggregator + 1n);
    expect(settled.judgesPay[0]! - committee / 4n).to.be.within(0n, 1n); // it did attest
    expect(await stakeOf(player(), seats[0]!)).to.equal(99n * ETHER);
    expect((await memberView(player(), seats[0]!)).suspendedUntil).to.equal(3n);
  });
});

describe("threat: a wrong aggregator", () => {
  const player = playingFrom(prepare);

  it("loses its fault slash and all further draws at the first proof, and earns nothing", async () => {
    const wrong = await proposeWrong(player(), 44);
    await prove(player(), wrong, 44);
    const { seats } = wrong.view;
    expect(await stakeOf(player(), seats[0]!)).to.equal(40n * ETHER);
    expect((await memberView(player(), seats[0]!)).ejected).to.equal(true);
    await proposeRight(player(), 1);
    await attestAll(player());
    await openAllScores(player());
    expect((await viewOf(player())).round).to.equal(2n);
  });

  it("that leaves an update out, or takes in one that is not included, is wrong at any coordinate that it changes", async () => {
    const view = await viewOf(player());
    const included = includedOf(player(), view);
    const weights = weightsOf(
      included.map(({ exampleCount }) => exampleCount),
      player().weightCap,
    );
    const updates = included.map(({ memberId }, k) => ({
      values: updateOf(player(), view, memberId).values,
      weight: weights[k]!,
    }));
    const without = aggregateTree(weightedMean(updates.slice(1)));
    await proposeFrom(player(), 0, without.tree.root);
    await prove(player(), { view: await viewOf(player()), aggregate: without }, 10);
    expect(await phaseOf(player())).to.equal(PHASE.propose);
    expect(await stakeOf(player(), view.seats[0]!)).to.equal(40n * ETHER);
  });

  it("that a quorum covers settles its round, and still loses with all of them when the proof comes later", async () => {
    const { world, job } = player();
    const wrong = await proposeWrong(player(), 44);
    await attestAll(player());
    await openAllScores(player());
    const { seed, includeHash, aggregateRoot, seats } = wrong.view;
    const attesters = seats.map(Number);
    await draw(player());
    await world.court.proveSettledWrongLeaf(
      job,
      1,
      { seed, includeHash, aggregateRoot, poster: attesters[0]!, attesters },
      wrongLeafOf(player(), wrong.view, 44, wrong.aggregate),
    );
    const left = await Promise.all(seats.map((id) => stakeOf(player(), id)));
    expect(left).to.deep.equal(Array<bigint>(4).fill(40n * ETHER));
  });
});

describe("threat: an equivocating aggregator", () => {
  const player = playingFrom(prepare);

  it("that shows one root and posts another loses all its stake and its pay, whichever of the two stands", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const right = aggregateTree(aggregateOf(player(), view)).tree.root;
    const shown = signedRoot(player(), view, 0, `0x${"ab".repeat(32)}`);
    await proposeFrom(player(), 0, right);
    await world.court.proveEquivocation(job, statementOf(view, 0), shown, signedRoot(player(), view, 0, right));
    expect(await stakeOf(player(), view.seats[0]!)).to.equal(0n);
    await attestAll(player(), [1, 2, 3]); // the root is right: the round goes on with the three that are left
    expect(await phaseOf(player())).to.equal(PHASE.score);
    const { judgesPay } = await eventOf<Settled>(player(), openAllScores(player()), "RoundSettled");
    expect(judgesPay.map((pay) => pay > 0n)).to.deep.equal([false, true, true, true]);
  });
});

describe("threat: an aggregator that hides its leaves", () => {
  const player = playingFrom(prepare);

  it("and is not vouched for gains a slot's delay; nothing settles that no quorum could check", async () => {
    const wrong = await proposeWrong(player(), 44);
    await attestAll(player(), [1], []); // an accomplice; three are needed
    await waitLong(player());
    await advance(player());
    expect(await viewOf(player())).to.include({ phase: PHASE.propose, firstSlot: 1n });
    expect(wrong.view.seats).to.have.length(4);
    await proposeRight(player(), 1);
  });

  it("though a quorum vouches for it at once cannot close the window before anyone has had time to ask", async () => {
    const { job } = player();
    const wrong = await proposeWrong(player(), 44);
    await attestAll(player(), [1, 2]); // two accomplices; the one honest seat cannot check, and does not attest
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet");
    await demand(player(), wrong.aggregate, [0, 2, 0]);
    await player().world.helpers.mine(4, { interval: 100 });
    await advance(player());
    expect(await viewOf(player())).to.include({ phase: PHASE.propose, firstSlot: 1n });
    expect(await stakeOf(player(), wrong.view.seats[0]!)).to.equal(40n * ETHER);
  });

  it("and is asked for one is slashed and gives up the slot, if it does not show the node that was named", async () => {
    const wrong = await proposeWrong(player(), 44);
    await demand(player(), wrong.aggregate, [0, 2, 0]);
    await attestAll(player());
    await player().world.helpers.mine(4, { interval: 100 });
    await advance(player());
    expect(await viewOf(player())).to.include({ phase: PHASE.propose, firstSlot: 1n });
    expect(await stakeOf(player(), wrong.view.seats[0]!)).to.equal(40n * ETHER);
  });
});

describe("threat: bitmaps posted late or in part", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await draw(started);
    await commitAll(started);
    return started;
  });

  it("in part take nothing away: bits are added up, and who posts fewer for a seat hides none of the others", async () => {
    const view = await viewOf(player());
    const { job } = player();
    await job.share(
      [],
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    await job.share(
      [],
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, 0n)),
    );
    await shareAll(player());
    expect((await viewOf(player())).includedMask).to.equal(everyone(view));
  });

  it("late change nothing: the include set stands, whoever wanted a friend in or a rival out", async () => {
    const view = await viewOf(player());
    const { job } = player();
    await job.share(
      [0, 1, 2, 3, 4, 5].map((position) => openingOf(player(), view, position)),
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, 0b011111n)),
    );
    await waitLong(player());
    await advance(player());
    const fixed = await viewOf(player());
    expect(fixed.includedMask).to.equal(0b011111n);
    await job.share(
      [],
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    expect(await viewOf(player())).to.include({ includedMask: 0b011111n, includeHash: fixed.includeHash });
  });

  it("missing from a third of the seats hold no update back, and not even the round", async () => {
    const view = await viewOf(player());
    await player().job.share(
      [0, 1, 2, 3, 4, 5].map((position) => openingOf(player(), view, position)),
      view.seats.slice(0, 3).map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    // Three of four seats are the quorum; for who sits among them, two of the other three.
    expect(await viewOf(player())).to.include({ phase: PHASE.propose, includedMask: everyone(view) });
  });
});
