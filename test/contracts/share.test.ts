import { expect } from "chai";
import { describe, it } from "mocha";
import { ZERO_WORD } from "../../node/core/bytes.ts";
import { bitOf, bitsOf } from "../../node/core/roundView.ts";
import { nextSeed, saltShare } from "../../node/core/sortition.ts";
import {
  advance,
  bitmapOf,
  commitAll,
  commitAt,
  commitmentOf,
  draw,
  everyone,
  includedOf,
  makeUpdate,
  memberOf,
  openingOf,
  PHASE,
  phaseOf,
  shareAll,
  updateOf,
  viewOf,
  waitLong,
  type View,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, ETHER, read } from "./world.ts";

describe("commits", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6);
    await draw(started);
    return started;
  });

  it("are taken from the operator at the position, once", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const [first, second] = [memberOf(player(), view.cohort[0]!), memberOf(player(), view.cohort[1]!)];
    const commitment = commitmentOf(player(), view, 0);
    await expect(as(job, second.operator).commit(0, commitment))
      .to.be.revertedWithCustomError(job, "NotInCohort")
      .withArgs(second.operator, 0);
    await expect(as(job, first.wallet).commit(0, commitment)).to.be.revertedWithCustomError(job, "NotInCohort");
    await expect(as(job, first.operator).commit(6, commitment)).to.be.revertedWithCustomError(job, "NotInCohort");
    await expect(as(job, first.operator).commit(0, ZERO_WORD)).to.be.revertedWithCustomError(job, "EmptyCommitment");
    await expect(as(job, first.operator).commit(0, commitment)).to.emit(job, "Committed").withArgs(1, 0, commitment);
    await expect(as(job, first.operator).commit(0, commitment))
      .to.be.revertedWithCustomError(job, "AlreadyCommitted")
      .withArgs(0);
    const after = await viewOf(player());
    expect(after.committedMask).to.equal(1n);
    expect(after.updateRoots[0]).to.equal(`${commitment.slice(0, 64)}00`);
  });

  it("close at once when everybody has committed", async () => {
    await commitAll(player());
    await expect(advance(player())).to.emit(player().job, "PhaseEntered").withArgs(1, PHASE.share);
    await expect(commitAt(player(), await viewOf(player()), 0))
      .to.be.revertedWithCustomError(player().job, "WrongPhase")
      .withArgs(PHASE.share);
  });

  it("close after their seconds and their blocks", async () => {
    const { job, world } = player();
    await commitAll(player(), [0, 2, 4]);
    const start = Number((await viewOf(player())).phaseStart);
    await world.helpers.time.setNextBlockTimestamp(start + 999);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.commit, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(start + 1_000);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.share);
  });

  it("skip the round when they are too few, and keep the model", async () => {
    const { job } = player();
    const before = await viewOf(player());
    await commitAll(player(), [1, 3]);
    await waitLong(player());
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.commit);
    const after = await viewOf(player());
    expect([after.phase, after.round, after.modelId]).to.deep.equal([PHASE.draw, 2n, before.modelId]);
    expect(await read<string>(job, "roundRecord", 1)).to.equal(ZERO_WORD);
  });
});

describe("sharing", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(7, { committeeSize: 5 });
    await draw(started);
    return started;
  });

  /** Commits and closes. */
  async function closed(positions?: readonly number[]): Promise<View> {
    await commitAll(player(), positions);
    if (positions !== undefined) await waitLong(player());
    await advance(player());
    return await viewOf(player());
  }

  it("skips openings that do not fit their commitment, and takes the right one after them", async () => {
    const { job } = player();
    const view = await closed();
    const right = openingOf(player(), view, 2);
    const wrong = [
      { ...right, updateRoot: openingOf(player(), view, 3).updateRoot },
      { ...right, exampleCount: right.exampleCount + 1 },
      { ...right, salt: ZERO_WORD },
      { ...right, exampleCount: 0 },
      { ...openingOf(player(), view, 3), position: 2 },
      { ...right, position: 200 },
    ];
    await job.share(wrong, []);
    expect((await viewOf(player())).openedMask).to.equal(0n);
    await expect(job.share([...wrong, right, right], []))
      .to.emit(job, "Opened")
      .withArgs(1, 2, right.updateRoot, right.exampleCount);
    const after = await viewOf(player());
    expect(after.openedMask).to.equal(0b100n);
    expect(after.updateRoots[2]).to.equal(right.updateRoot);
    expect(after.exampleCounts[2]).to.equal(BigInt(right.exampleCount));
  });

  it("takes nothing of who has not committed", async () => {
    const view = await closed([0, 1, 2, 3]);
    await player().job.share([openingOf(player(), view, 5)], []);
    expect((await viewOf(player())).openedMask).to.equal(0n);
  });

  it("keeps example counts up to the weight cap", async () => {
    const view = await viewOf(player());
    player().replaced.set(Number(view.cohort[0]), makeUpdate(new Int16Array(300).fill(7), 1_000_000, 99));
    await closed();
    await shareAll(player());
    expect((await viewOf(player())).exampleCounts[0]).to.equal(1_000n);
  });

  it("adds up the bits of a seat over partial and repeated posts, by anyone", async () => {
    const { job, world } = player();
    const view = await closed();
    const stranger = as(job, world.sponsor);
    const own = view.cohort.indexOf(view.seats[0]!);
    const others = bitsOf(everyone(view)).filter((position) => position !== own);
    const [a, b, c] = others as [number, number, number];
    await stranger.share([], [bitmapOf(player(), view, 0, bitOf(a) | bitOf(b))]);
    await stranger.share([], [bitmapOf(player(), view, 0, bitOf(b) | bitOf(c))]);
    await expect(stranger.share([], [bitmapOf(player(), view, 0, bitOf(a))])).not.to.emit(job, "BitmapPosted");
    expect((await viewOf(player())).bitmaps[0]).to.equal(bitOf(a) | bitOf(b) | bitOf(c));
  });

  it("does not count a seat's own bit, nor bits beyond the cohort", async () => {
    const view = await closed();
    await player().job.share([], [bitmapOf(player(), view, 1, 2n ** 256n - 1n)]);
    const own = view.cohort.indexOf(view.seats[1]!);
    expect((await viewOf(player())).bitmaps[1]).to.equal(everyone(view) & ~bitOf(own));
  });

  it("skips bitmaps that somebody else signed, or for another seat, round or job", async () => {
    const { job, domain } = player();
    const view = await closed();
    const right = bitmapOf(player(), view, 0, 5n);
    const other = { ...player(), domain: { ...domain, chainId: domain.chainId + 1 } };
    await job.share(
      [],
      [
        { ...right, seat: 1 },
        { ...right, bits: 7n },
        { ...right, seat: 77 },
        { ...right, signature: "0x1234" },
        bitmapOf(player(), { ...view, round: 2n }, 0, 5n),
        bitmapOf(player(), { ...view, seed: ZERO_WORD }, 0, 5n),
        bitmapOf(other, view, 0, 5n),
      ],
    );
    expect((await viewOf(player())).bitmaps).to.deep.equal(view.seats.map(() => 0n));
  });

  it("has no effect outside its phase", async () => {
    const { job } = player();
    const view = await viewOf(player());
    await expect(job.share([openingOf(player(), view, 0)], [bitmapOf(player(), view, 0, 1n)])).not.to.emit(
      job,
      "Opened",
    );
    expect((await viewOf(player())).openedMask).to.equal(0n);
  });

  it("closes at once when all is opened and certified, and includes all", async () => {
    const { job } = player();
    await closed();
    await shareAll(player());
    await expect(advance(player())).to.emit(job, "IncludeSetFixed");
    const view = await viewOf(player());
    expect(view.phase).to.equal(PHASE.propose);
    expect(view.includedMask).to.equal(everyone(view));
    expect(includedOf(player(), view)).to.have.length(7);
  });

  it("includes what a quorum holds and nothing else", async () => {
    const { job } = player();
    const view = await closed();
    // Position 0 and 1 each lack bitmaps: two thirds of five seats are four, of four that may judge an owner's they are three.
    const quorumOf = (position: number): number => (view.seats.includes(view.cohort[position]!) ? 3 : 4);
    const judges = (position: number): number[] =>
      [...view.seats.keys()].filter((seat) => view.seats[seat] !== view.cohort[position]);
    const bits = view.seats.map(() => everyone(view) & ~3n);
    for (const seat of judges(0).slice(0, quorumOf(0))) bits[seat]! |= 1n;
    for (const seat of judges(1).slice(0, quorumOf(1) - 1)) bits[seat]! |= 2n;
    await job.share(
      bitsOf(view.committedMask).map((position) => openingOf(player(), view, position)),
      bits.map((mask, seat) => bitmapOf(player(), view, seat, mask)),
    );
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet");
    await waitLong(player());
    await advance(player());
    const after = await viewOf(player());
    expect(after.includedMask).to.equal(everyone(view) & ~2n);
    includedOf(player(), after);
  });

  it("slashes for an opening that is missing, and goes on without it", async () => {
    const { job, world } = player();
    const view = await closed();
    const openings = bitsOf(view.committedMask)
      .filter((position) => position !== 3)
      .map((position) => openingOf(player(), view, position));
    await job.share(
      openings,
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    await waitLong(player());
    await expect(advance(player())).to.emit(job, "MemberMissed").withArgs(1, view.cohort[3], PHASE.share, ETHER);
    expect((await viewOf(player())).includedMask).to.equal(everyone(view) & ~8n);
    expect(await read(world.treasury, "stakeOf", job, memberOf(player(), view.cohort[3]!).walletAddress)).to.equal(
      99n * ETHER,
    );
  });

  it("keeps one operator a root: the first to commit it", async () => {
    const view = await viewOf(player());
    const shared = updateOf(player(), view, view.cohort[2]!);
    for (const position of [1, 4])
      player().replaced.set(Number(view.cohort[position]), { ...shared, exampleCount: 77 });
    await commitAll(player(), [0, 4, 3, 2, 1, 5, 6]);
    await advance(player());
    await shareAll(player());
    await advance(player());
    const after = await viewOf(player());
    expect(bitsOf(after.includedMask)).to.deep.equal([0, 3, 4, 5, 6]);
    includedOf(player(), after);
  });

  it("makes a copied commitment worthless", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const copied = commitmentOf(player(), view, 0);
    await commitAll(player(), [0, 2, 3, 4]);
    await as(job, memberOf(player(), view.cohort[1]!).operator).commit(1, copied);
    await waitLong(player());
    await advance(player());
    const opening = openingOf(player(), view, 0);
    await job.share([{ ...opening, position: 1 }, opening], []);
    expect((await viewOf(player())).openedMask).to.equal(1n);
  });

  it("skips the round when too few are included", async () => {
    const { job } = player();
    const view = await closed();
    const openings = [0, 1].map((position) => openingOf(player(), view, position));
    await job.share(
      openings,
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    await waitLong(player());
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.share);
  });

  it("feeds the next seed with every opened salt and the block in which commits closed", async () => {
    const { world } = player();
    const view = await closed();
    const closing = await world.ethers.provider.getBlock("latest");
    await shareAll(player());
    await world.helpers.mine(300); // recorded in time, so it stays known
    await waitLong(player());
    await advance(player());
    await waitLong(player());
    await advance(player()); // nobody proposes: skipped
    await draw(player());
    const sum = view.cohort
      .map((id) => saltShare(memberOf(player(), id).address, updateOf(player(), view, id).salt))
      .reduce((total, share) => (total + share) % 2n ** 256n, 0n);
    expect((await viewOf(player())).seed).to.equal(nextSeed(view.seed, sum, closing!.hash as `0x${string}`));
  });
});
