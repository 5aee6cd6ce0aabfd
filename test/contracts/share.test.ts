import { expect } from "chai";
import { describe, it } from "mocha";
import { ZERO_WORD, type Hex } from "../../node/core/bytes.ts";
import { bitOf, bitsOf } from "../../node/core/roundView.ts";
import { bitmapOf, commitmentOf, openingOf, type Opening } from "./messages.ts";
import {
  eventOf,
  everyone,
  makeUpdate,
  memberOf,
  PHASE,
  phaseOf,
  stakeOf,
  updateOf,
  viewOf,
  waitLong,
  type View,
} from "./player.ts";
import { advance, commitAll, commitEach, draw, includedOf, shareAll } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, ETHER } from "./world.ts";

interface FixedSet {
  readonly includedMask: bigint;
  readonly includeHash: Hex;
  readonly updates: readonly (readonly [Hex, bigint, bigint])[];
}

describe("sharing", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(7, { committeeSize: 5 });
    await draw(started);
    return started;
  });

  /** Commits and closes. */
  async function closed(positions?: readonly number[]): Promise<View> {
    await commitAll(player(), positions);
    if (positions !== undefined) {
      await waitLong(player());
      await advance(player());
    }
    return await viewOf(player());
  }
  const openingsOf = (view: View, positions = bitsOf(view.committedMask)): Opening[] =>
    positions.map((position) => openingOf(player(), view, position));

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
    await job.share([...wrong, right, right], []);
    await job.share([right], []);
    const after = await viewOf(player());
    expect(after.openedMask).to.equal(0b100n);
    expect(after.updateRoots[2]).to.equal(right.updateRoot);
    expect(after.exampleCounts.map(Number)).to.deep.equal([0, 0, right.exampleCount, 0, 0, 0, 0]);
  });

  it("takes nothing of who has not committed", async () => {
    const view = await closed([0, 1, 2, 3]);
    await player().job.share([openingOf(player(), view, 5)], []);
    expect((await viewOf(player())).openedMask).to.equal(0n);
  });

  it("keeps example counts up to the weight cap, whether or not the opening ends the phase", async () => {
    const view = await viewOf(player());
    for (const position of [0, 6]) {
      player().replaced.set(
        Number(view.cohort[position]),
        makeUpdate(new Int16Array(300).fill(7 + position), 1_000_000, position),
      );
    }
    const { job } = player();
    const committed = await closed();
    await job.share([openingOf(player(), committed, 0)], []);
    expect((await viewOf(player())).exampleCounts[0]).to.equal(1_000n);
    const { updates } = await eventOf<FixedSet>(player(), shareAll(player()), "IncludeSetFixed");
    expect(updates.map(([, , count]) => Number(count))).to.deep.equal([1_000, 33, 46, 59, 72, 85, 1_000]);
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
    await stranger.share([], [bitmapOf(player(), view, 0, bitOf(a))]);
    expect((await viewOf(player())).bitmaps[0]).to.equal(bitOf(a) | bitOf(b) | bitOf(c));
  });

  it("does not count a seat's own bit, nor bits beyond the cohort or of who has not committed", async () => {
    const view = await closed([0, 1, 2, 3, 4, 5]);
    await player().job.share([], [bitmapOf(player(), view, 1, 2n ** 256n - 1n)]);
    const own = view.cohort.indexOf(view.seats[1]!);
    expect((await viewOf(player())).bitmaps[1]).to.equal(0b111111n & ~bitOf(own));
  });

  it("skips bitmaps that somebody else signed, or for another seat, round, seed or chain", async () => {
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
        { ...right, r: ZERO_WORD, vs: ZERO_WORD },
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
    await commitEach(player(), [0]);
    await job.share([openingOf(player(), view, 0)], [bitmapOf(player(), view, 0, 1n)]);
    expect(await viewOf(player())).to.include({ phase: PHASE.commit, openedMask: 0n });
  });

  it("ends with the posting that makes it complete, and includes all", async () => {
    const { job } = player();
    const view = await closed();
    await job.share(openingsOf(view), []);
    const bitmaps = view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view)));
    await job.share([], bitmaps.slice(0, 3)); // the quorum of four judges where the owner sits is three
    expect(await phaseOf(player())).to.equal(PHASE.share);
    const { includedMask, includeHash, updates } = await eventOf<FixedSet>(
      player(),
      job.share([], bitmaps.slice(3, 4)),
      "IncludeSetFixed",
    );
    const after = await viewOf(player());
    expect(after).to.include({ phase: PHASE.propose, includedMask, includeHash });
    expect(includedMask).to.equal(everyone(view));
    expect(after.updateRoots).to.deep.equal([]);
    const included = includedOf(player(), after); // hashes to what is on the chain
    expect(updates.map(([root, id, count]) => [root, Number(id), Number(count)])).to.deep.equal(
      included.map(({ updateRoot, memberId, exampleCount }) => [updateRoot, memberId, exampleCount]),
    );
  });

  it("ends the same whether it came in one posting, piece by piece, or bitmaps first", async () => {
    const { job, world } = player();
    const view = await closed();
    const ends: unknown[] = [];
    const ways: (() => Promise<unknown>)[] = [
      () => shareAll(player()),
      async () => {
        for (const opening of openingsOf(view).toReversed()) await job.share([opening], []);
        await shareAll(player());
      },
      async () => {
        for (const seat of view.seats.keys()) await job.share([], [bitmapOf(player(), view, seat, everyone(view))]);
        await job.share(openingsOf(view).slice(3), []);
        await job.share(openingsOf(view).slice(0, 3), []);
      },
    ];
    for (const way of ways) {
      const snapshot = await world.helpers.takeSnapshot();
      await way();
      const { phase, includedMask, includeHash } = await viewOf(player());
      ends.push({ phase, includedMask, includeHash });
      await snapshot.restore();
    }
    expect(ends[1]).to.deep.equal(ends[0]);
    expect(ends[2]).to.deep.equal(ends[0]);
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
      openingsOf(view),
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
    const { job } = player();
    const view = await closed();
    await job.share(
      openingsOf(view, [0, 1, 2, 4, 5, 6]),
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    await waitLong(player());
    await expect(advance(player())).to.emit(job, "MemberMissed").withArgs(1, view.cohort[3], PHASE.share, ETHER, ETHER);
    const after = await viewOf(player());
    expect(after.includedMask).to.equal(everyone(view) & ~8n);
    expect(await stakeOf(player(), view.cohort[3]!)).to.equal(99n * ETHER);
    includedOf(player(), after);
  });

  it("keeps one operator a root: the first to commit it", async () => {
    const view = await viewOf(player());
    const shared = updateOf(player(), view, view.cohort[2]!);
    for (const position of [1, 4])
      player().replaced.set(Number(view.cohort[position]), { ...shared, exampleCount: 77 });
    await commitAll(player(), [0, 4, 3, 2, 1, 5, 6]);
    await shareAll(player());
    const after = await viewOf(player());
    expect(bitsOf(after.includedMask)).to.deep.equal([0, 3, 4, 5, 6]);
    includedOf(player(), after);
  });

  it("skips the round when all certified updates are copies of one", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const shared = updateOf(player(), view, view.cohort[0]!);
    for (const id of view.cohort) player().replaced.set(Number(id), shared);
    await commitAll(player());
    await expect(shareAll(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.share);
  });

  it("makes a copied commitment worthless", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const copied = commitmentOf(player(), view, 0);
    await commitEach(player(), [0, 2, 3, 4]);
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
    await job.share(
      openingsOf(view, [0, 1]),
      view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view))),
    );
    await waitLong(player());
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.share);
  });
});
