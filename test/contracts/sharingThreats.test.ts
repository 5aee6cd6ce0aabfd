import { expect } from "chai";
import { describe, it } from "mocha";
import { bitmapOf, commitmentOf, openingOf } from "./messages.ts";
import { everyone, memberOf, memberView, PHASE, phaseOf, stakeOf, updateOf, viewOf, waitLong } from "./player.ts";
import { advance, commitAll, commitEach, draw, proposeRight, shareAll } from "./round.ts";
import { payOf, settleBy, type Contributions } from "./settling.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, ETHER } from "./world.ts";

/** Six members, five seats, one round: all the pool is one round's pay. */
const ONE_ROUND = { committeeSize: 5, rounds: 1 } as const;
/** The attacker. */
const EVE = 2;
/** What honest seats measure: nothing of eve, and the same of each other. */
const WITHOUT_EVE: Contributions = { 0: 1, 1: 1, 3: 1, 4: 1, 5: 1 };

describe("threat: a copied update", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, ONE_ROUND);
    await draw(started);
    return started;
  });

  it("as a copied hash cannot be opened: it earns nothing and costs what a withheld opening costs", async () => {
    const { job } = player();
    const view = await viewOf(player());
    await commitEach(player(), [0]);
    await as(job, memberOf(player(), EVE).operator).commit(EVE, commitmentOf(player(), view, 0));
    await commitAll(player());
    const victim = openingOf(player(), view, 0);
    await job.share([{ ...victim, position: EVE }], []);
    await shareAll(player()); // eve's own opening does not fit either
    await waitLong(player());
    await advance(player());
    expect((await viewOf(player())).includedMask).to.equal(everyone(view) & ~4n);
    expect(await stakeOf(player(), EVE)).to.equal(99n * ETHER);
    await proposeRight(player());
    const settled = await settleBy(player(), () => ({ 0: 1, 1: 1, [EVE]: 9 }));
    expect(payOf(await viewOf(player()), settled, EVE)).to.equal(0n);
  });

  it("of a root that it learned in time is dropped for the one that was committed first, and earns nothing", async () => {
    const view = await viewOf(player());
    player().replaced.set(EVE, {
      ...updateOf(player(), view, 0),
      exampleCount: 900,
      salt: openingOf(player(), view, 1).salt,
    });
    await commitAll(player(), [0, 1, 2, 3, 4, 5]);
    await shareAll(player());
    const after = await viewOf(player());
    expect(after.includedMask).to.equal(everyone(view) & ~4n);
    await proposeRight(player());
    const settled = await settleBy(player(), () => ({ 0: 1, 1: 1, [EVE]: 9 }));
    expect(payOf(after, settled, EVE)).to.equal(0n);
    expect(payOf(after, settled, 0)).to.be.greaterThan(0n);
  });

  it("of what was shown comes too late: nothing is committed after Commit, and no salt opens an old commitment", async () => {
    const { job } = player();
    const view = await viewOf(player());
    await commitAll(player());
    await job.share([openingOf(player(), view, 0)], []);
    const eve = as(job, memberOf(player(), EVE).operator);
    await expect(eve.commit(EVE, commitmentOf(player(), view, EVE)))
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.share);
    await job.share([{ ...openingOf(player(), view, EVE), updateRoot: openingOf(player(), view, 0).updateRoot }], []);
    expect((await viewOf(player())).openedMask).to.equal(1n);
  });
});

describe("threat: a withheld opening", () => {
  const player = playingFrom(() => startedJob(6, { ...ONE_ROUND, rounds: 3, suspendDraws: 1 }));

  it("keeps what was committed secret for the price of a miss, its pay and a draw, and delays nobody beyond Share", async () => {
    await draw(player());
    await commitAll(player());
    const view = await viewOf(player());
    const others = [0, 1, 3, 4, 5];
    await player().job.share(
      others.map((position) => openingOf(player(), view, position)),
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    await waitLong(player());
    await advance(player());
    expect(await stakeOf(player(), EVE)).to.equal(99n * ETHER);
    await proposeRight(player());
    const settled = await settleBy(player(), () => ({ ...WITHOUT_EVE, [EVE]: 9 }));
    expect(payOf(view, settled, EVE)).to.equal(0n);
    expect((await memberView(player(), EVE)).suspendedUntil).to.equal(3n);
  });
});

describe("threat: a withheld blob", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, ONE_ROUND);
    await draw(started);
    await commitAll(started);
    return started;
  });
  /** Opens all; so many of the seats beside eve's own certify eve's update too. */
  async function sharedWith(certifiers: number): Promise<bigint> {
    const view = await viewOf(player());
    const judges = [...view.seats.keys()].filter((seat) => view.seats[seat] !== BigInt(EVE));
    await player().job.share(
      [0, 1, 2, 3, 4, 5].map((position) => openingOf(player(), view, position)),
      view.seats.map((_, seat) => {
        const holds = judges.slice(0, certifiers).includes(seat);
        return bitmapOf(player(), view, seat, holds ? everyone(view) : everyone(view) & ~4n);
      }),
    );
    if ((await phaseOf(player())) === PHASE.share) {
      await waitLong(player());
      await advance(player());
    }
    return (await viewOf(player())).includedMask;
  }

  it("from all seats is not included, and earns nothing; nobody is slashed on a seat's word", async () => {
    expect(await sharedWith(0)).to.equal(0b111011n);
    await proposeRight(player());
    const view = await viewOf(player());
    expect(payOf(view, await settleBy(player(), () => ({ ...WITHOUT_EVE, [EVE]: 9 })), EVE)).to.equal(0n);
    expect(await stakeOf(player(), EVE)).to.equal(100n * ETHER);
  });

  it("from some seats counts if a quorum holds it, and not by one seat less", async () => {
    const view = await viewOf(player());
    const quorum = view.seats.includes(BigInt(EVE)) ? 3 : 4; // of the seats that may certify it
    const snapshot = await player().world.helpers.takeSnapshot();
    expect(await sharedWith(quorum - 1)).to.equal(0b111011n);
    await snapshot.restore();
    expect(await sharedWith(quorum)).to.equal(0b111111n);
  });
});
