import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, toHex } from "../../node/core/bytes.ts";
import { seededRandom } from "../../node/core/random.ts";
import { bitOf, fullMask } from "../../node/core/roundView.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  draw,
  makeUpdate,
  memberOf,
  PHASE,
  playFromChallenge,
  playToPropose,
  proofArguments,
  proposeFrom,
  proposeRight,
  viewOf,
  waitLong,
  type Player,
  type View,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { ETHER, read } from "./world.ts";

interface Wrong {
  readonly view: View;
  readonly aggregate: ReturnType<typeof aggregateTree>;
}

/** Proposes the right aggregate but for one value. */
async function proposeWrong(player: Player, coordinate: number, error = 1, seat = 0): Promise<Wrong> {
  const view = await viewOf(player);
  const values = new Int32Array(384); // three leaves, padding included
  values.set(aggregateOf(player, view));
  values[coordinate]! += error;
  const aggregate = aggregateTree(values);
  await proposeFrom(player, seat, aggregate.tree.root);
  return { view: await viewOf(player), aggregate };
}

describe("the court", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await playToPropose(started);
    return started;
  });
  const prove = async (wrong: Wrong, coordinate: number): Promise<unknown> => {
    const { world, job } = player();
    return await world.court.proveWrongLeaf(job, ...proofArguments(player(), wrong.view, coordinate, wrong.aggregate));
  };
  const stakeOfSeat = async (view: View, seat: number): Promise<bigint> => {
    const { world, job } = player();
    return await read(world.treasury, "stakeOf", job, memberOf(player(), view.seats[seat]!).walletAddress);
  };

  it("slashes the poster and those who attested, and pays the prover at most half of the poster's", async () => {
    const { world, job } = player();
    const wrong = await proposeWrong(player(), 201);
    await attestAll(player(), [1, 3], []);
    const poolBefore = await read(world.treasury, "poolOf", job);
    await prove(wrong, 201);
    const stakes = await Promise.all([0, 1, 2, 3].map((seat) => stakeOfSeat(wrong.view, seat)));
    expect(stakes).to.deep.equal([40n * ETHER, 40n * ETHER, 100n * ETHER, 40n * ETHER]);
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.equal(20n * ETHER);
    expect(await read(world.treasury, "poolOf", job)).to.equal(poolBefore + 160n * ETHER);
  });

  it("returns the round to Propose with the next slot and the same include set", async () => {
    const wrong = await proposeWrong(player(), 0, -5);
    await attestAll(player(), [2], []);
    await prove(wrong, 0);
    const view = await viewOf(player());
    expect([view.phase, view.firstSlot, view.aggregateRoot]).to.deep.equal([PHASE.propose, 1n, `0x${"00".repeat(32)}`]);
    expect([view.includeHash, view.includedMask]).to.deep.equal([wrong.view.includeHash, wrong.view.includedMask]);
    expect(view.liveSeats).to.equal(fullMask(4) & ~bitOf(0) & ~bitOf(2));
    await expect(proposeFrom(player(), 0, keccakWords(1))).to.be.revertedWithCustomError(player().job, "NotASeat");
    await proposeRight(player(), 1);
    await playFromChallenge(player());
    expect((await viewOf(player())).round).to.equal(2n);
  });

  it("bars the convicted from seats for good, but not from training", async () => {
    const wrong = await proposeWrong(player(), 7);
    await prove(wrong, 7);
    await proposeRight(player(), 1);
    await playFromChallenge(player());
    const convicted = wrong.view.seats[0]!;
    const list = await read<readonly { barred: boolean }[]>(player().job, "members", 0, 6);
    expect(list.map(({ barred }) => barred)).to.deep.equal(list.map((_, id) => BigInt(id) === convicted));
    for (const _ of [2, 3]) {
      await draw(player()); // the conviction counts from the close of commits after it
      await waitLong(player());
      const view = await viewOf(player());
      expect(view.cohort).to.have.length(6);
      if (view.round === 3n) expect(view.seats).not.to.include(convicted);
      await advance(player());
    }
  });

  it("keeps score commits when the round goes back", async () => {
    const wrong = await proposeWrong(player(), 7);
    await attestAll(player(), []);
    await attestAll(player(), [3]);
    await prove(wrong, 7);
    expect((await viewOf(player())).scoreCommittedMask).to.equal(bitOf(3));
  });

  it("convicts a wrong value in any leaf, off by one in either direction", async () => {
    const random = seededRandom(5);
    for (const [index, error] of [1, -1, 256, -32_768].entries()) {
      const coordinate = random.below(300);
      const snapshot = await player().world.helpers.takeSnapshot();
      await prove(await proposeWrong(player(), coordinate, error), coordinate);
      expect((await viewOf(player())).phase, `case ${index}`).to.equal(PHASE.propose);
      await snapshot.restore();
    }
  });

  it("convicts a value in the padding, with or without the updates' leaves", async () => {
    const { world, job } = player();
    const wrong = await proposeWrong(player(), 300, 9);
    const [coordinate, updates, leaves, aggregateLeaf] = proofArguments(player(), wrong.view, 300, wrong.aggregate);
    await expect(world.court.proveWrongLeaf(job, coordinate, updates, leaves.slice(1), aggregateLeaf))
      .to.be.revertedWithCustomError(world.court, "LengthMismatch")
      .withArgs(6, 5);
    const snapshot = await world.helpers.takeSnapshot();
    await world.court.proveWrongLeaf(job, coordinate, updates, leaves, aggregateLeaf);
    await snapshot.restore();
    await world.court.proveWrongLeaf(job, coordinate, updates, [], aggregateLeaf);
    expect((await viewOf(player())).phase).to.equal(PHASE.propose);
  });

  it("convicts a value in the leaves that fill the tree up", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const values = new Int32Array(512);
    values.set(aggregateOf(player(), view));
    values[511] = -1;
    const aggregate = aggregateTree(values);
    await proposeFrom(player(), 0, aggregate.tree.root);
    const [, updates, , leaf] = proofArguments(player(), await viewOf(player()), 0, aggregate);
    await expect(world.court.proveWrongLeaf(job, 512, updates, [], leaf))
      .to.be.revertedWithCustomError(world.court, "CoordinateOutOfRange")
      .withArgs(512, 512);
    const { leafProof } = await import("./round.ts");
    await world.court.proveWrongLeaf(job, 511, updates, [], leafProof(aggregate.bytes, aggregate.tree, 511));
    expect((await viewOf(player())).phase).to.equal(PHASE.propose);
  });

  it("cannot convict a right aggregate, whatever the coordinate", async () => {
    const { world, job } = player();
    await proposeRight(player());
    const view = await viewOf(player());
    const padded = new Int32Array(384);
    padded.set(aggregateOf(player(), view));
    const aggregate = aggregateTree(padded);
    expect(aggregate.tree.root).to.equal(view.aggregateRoot);
    const random = seededRandom(6);
    for (const coordinate of [0, 127, 128, 299, 300, 383, ...Array.from({ length: 40 }, () => random.below(384))]) {
      await expect(world.court.proveWrongLeaf(job, ...proofArguments(player(), view, coordinate, aggregate)))
        .to.be.revertedWithCustomError(world.court, "AggregateIsRight")
        .withArgs(coordinate, padded[coordinate]);
    }
  });

  it("takes no proof with a wrong leaf, a wrong path or a wrong length", async () => {
    const { world, job } = player();
    const { view, aggregate } = await proposeWrong(player(), 40);
    const right = proofArguments(player(), view, 40, aggregate);
    const [coordinate, updates, leaves, top] = right;
    const court = world.court;
    const swapped = [leaves[1]!, leaves[0]!, ...leaves.slice(2)];
    await expect(court.proveWrongLeaf(job, coordinate, updates, swapped, top))
      .to.be.revertedWithCustomError(court, "BadProof")
      .withArgs(0);
    const short = { ...leaves[2]!, siblings: leaves[2]!.siblings.slice(1) };
    await expect(court.proveWrongLeaf(job, coordinate, updates, leaves.with(2, short), top))
      .to.be.revertedWithCustomError(court, "BadProof")
      .withArgs(2);
    const long = { ...leaves[2]!, leaf: `${leaves[2]!.leaf}00` as const };
    await expect(court.proveWrongLeaf(job, coordinate, updates, leaves.with(2, long), top))
      .to.be.revertedWithCustomError(court, "BadLeafSize")
      .withArgs(257, 256);
    const forged = { ...top, leaf: toHex(new Uint8Array(512)) };
    await expect(court.proveWrongLeaf(job, coordinate, updates, leaves, forged))
      .to.be.revertedWithCustomError(court, "BadProof")
      .withArgs(6);
    await expect(court.proveWrongLeaf(job, 168, updates, leaves, top)).to.be.revertedWithCustomError(court, "BadProof");
    await court.proveWrongLeaf(job, ...right);
  });

  it("judges the include set on the chain only, while a proposal stands", async () => {
    const { world, job } = player();
    const right = proofArguments(
      player(),
      await viewOf(player()),
      40,
      aggregateTree(aggregateOf(player(), await viewOf(player()))),
    );
    await expect(world.court.proveWrongLeaf(job, ...right)).to.be.revertedWithCustomError(
      world.court,
      "NoStandingProposal",
    );
    const { view, aggregate } = await proposeWrong(player(), 40);
    const [coordinate, updates, leaves, top] = proofArguments(player(), view, 40, aggregate);
    const heavier = updates.with(0, { ...updates[0]!, exampleCount: 999 });
    for (const set of [heavier, updates.slice(1), updates.toReversed()]) {
      await expect(world.court.proveWrongLeaf(job, coordinate, set, leaves, top)).to.be.revertedWithCustomError(
        world.court,
        "WrongIncludeSet",
      );
    }
    await attestAll(player());
    await advance(player());
    await expect(world.court.proveWrongLeaf(job, coordinate, updates, leaves, top))
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.score);
  });

  it("is the only one who can report a fault", async () => {
    const { world, job } = player();
    await proposeRight(player());
    await expect(job.faultAggregate(world.sponsor))
      .to.be.revertedWithCustomError(job, "OnlyCourt")
      .withArgs(world.sponsor);
  });

  it("never leaves the round without an end, though every proposal is wrong and every seat guilty", async () => {
    const { job, world } = player();
    const first = await proposeWrong(player(), 3);
    await attestAll(player(), [0, 1], []);
    await prove(first, 3);
    await world.helpers.time.increase(150);
    const second = await proposeWrong(player(), 4, 1, 2);
    await attestAll(player(), [3], []);
    await prove(second, 4);
    expect((await viewOf(player())).liveSeats).to.equal(0n);
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.propose);
  });
});

describe("the court, on bounded weights", () => {
  const player = playingFrom(() => startedJob(5, { weightCap: 60 }));

  it("weighs each update by min(count, cap, twice the lower median)", async () => {
    const random = seededRandom(8);
    for (const [id, count] of [3, 5, 7, 5_000, 61].entries()) {
      const values = Int16Array.from({ length: 300 }, () => random.below(65_535) - 32_767);
      player().replaced.set(id, makeUpdate(values, count, id));
    }
    await playToPropose(player());
    await proposeRight(player());
    const view = await viewOf(player());
    const aggregate = aggregateTree(aggregateOf(player(), view));
    const { world, job } = player();
    for (const coordinate of [0, 150, 299]) {
      await expect(
        world.court.proveWrongLeaf(job, ...proofArguments(player(), view, coordinate, aggregate)),
      ).to.be.revertedWithCustomError(world.court, "AggregateIsRight");
    }
  });
});
