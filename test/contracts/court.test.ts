import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, toHex, ZERO_WORD } from "../../node/core/bytes.ts";
import { seededRandom } from "../../node/core/random.ts";
import { bitOf, fullMask } from "../../node/core/roundView.ts";
import { makeUpdate, memberView, PHASE, phaseOf, poolOf, stakeOf, updateOf, viewOf, type View } from "./player.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  commitAll,
  draw,
  playFromChallenge,
  playRound,
  playToPropose,
  proposeFrom,
  proposeRight,
  shareAll,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { leafProof, proposeWrong, prove, wrongAggregate, wrongLeafOf } from "./trial.ts";
import { ETHER, read } from "./world.ts";

describe("a wrong leaf", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(7, { committeeSize: 6 });
    await playToPropose(started);
    return started;
  });
  const stakesOf = (view: View): Promise<bigint[]> => Promise.all(view.seats.map((id) => stakeOf(player(), id)));

  it("slashes the poster and those who attested, and pays the prover at most half of the poster's", async () => {
    const { world } = player();
    const wrong = await proposeWrong(player(), 201);
    await attestAll(player(), [1, 3], []);
    const before = await poolOf(player());
    await prove(player(), wrong, 201);
    expect(await stakesOf(wrong.view)).to.deep.equal([40, 40, 100, 40, 100, 100].map((stake) => BigInt(stake) * ETHER));
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.equal(20n * ETHER);
    expect(await poolOf(player())).to.equal(before + 160n * ETHER);
  });

  it("returns the round to Propose with the next slot, the same include set and no wait", async () => {
    const wrong = await proposeWrong(player(), 0, -5);
    await attestAll(player(), [2], []);
    await prove(player(), wrong, 0);
    const view = await viewOf(player());
    const { includeHash, includedMask } = wrong.view;
    expect(view).to.include({
      phase: PHASE.propose,
      firstSlot: 1n,
      aggregateRoot: ZERO_WORD,
      includeHash,
      includedMask,
    });
    expect(view.liveSeats).to.equal(fullMask(6) & ~bitOf(0) & ~bitOf(2));
    await expect(proposeFrom(player(), 0, keccakWords(1)))
      .to.be.revertedWithCustomError(player().job, "SlotGone")
      .withArgs(0, 1);
    await proposeRight(player(), 1);
    await playFromChallenge(player());
    expect((await viewOf(player())).round).to.equal(2n);
  });

  it("takes no proposal from a seat that was convicted with the poster", async () => {
    const wrong = await proposeWrong(player(), 0);
    await attestAll(player(), [2], []);
    await prove(player(), wrong, 0);
    await player().world.helpers.mine(3, { interval: 100 });
    await expect(proposeFrom(player(), 2, keccakWords(1))).to.be.revertedWithCustomError(player().job, "NotASeat");
    await proposeRight(player(), 3);
  });

  it("ejects the convicted: out of all draws that follow, and the rest of the stake unbonds", async () => {
    const { world, job } = player();
    const wrong = await proposeWrong(player(), 7);
    await prove(player(), wrong, 7);
    await proposeRight(player(), 1);
    await playFromChallenge(player());
    const convicted = Number(wrong.view.seats[0]);
    const list = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((id) => memberView(player(), id)));
    expect(list.map(({ ejected }) => ejected)).to.deep.equal(list.map((_, id) => id === convicted));
    await draw(player()); // the snapshot was taken before the conviction: it trains once more, but judges nothing
    const second = await viewOf(player());
    expect(second.cohort.map(Number)).to.include(convicted);
    const seat = second.seats.indexOf(BigInt(convicted));
    if (seat >= 0) expect(second.liveSeats & bitOf(seat)).to.equal(0n);
    await commitAll(player());
    await shareAll(player());
    await proposeRight(player());
    await playFromChallenge(player());
    const over = await (await job.unbond(convicted)).getBlock();
    const { walletAddress } = player().members[convicted]!;
    expect(await read(world.treasury, "withdrawableAt", job, walletAddress)).to.equal(BigInt(over!.timestamp + 5_700));
    await draw(player());
    const third = await viewOf(player());
    expect([...third.cohort, ...third.seats].map(Number)).to.not.include(convicted);
    expect(third.cohort).to.have.length(6);
  });

  it("keeps the score commits, which are of the same include set", async () => {
    const wrong = await proposeWrong(player(), 7);
    await attestAll(player(), [3]);
    await prove(player(), wrong, 7);
    expect((await viewOf(player())).scoreCommittedMask).to.equal(bitOf(3));
  });

  it("is found in any leaf, off by one in either direction", async () => {
    const random = seededRandom(5);
    for (const [index, error] of [1, -1, 256, -32_768].entries()) {
      const coordinate = random.below(300);
      const snapshot = await player().world.helpers.takeSnapshot();
      await prove(player(), await proposeWrong(player(), coordinate, error), coordinate);
      expect(await phaseOf(player()), `case ${index}`).to.equal(PHASE.propose);
      await snapshot.restore();
    }
  });

  it("may be a value in the padding, with or without the updates' leaves", async () => {
    const { world, job } = player();
    const wrong = await proposeWrong(player(), 300, 9);
    const proof = wrongLeafOf(player(), wrong.view, 300, wrong.aggregate);
    await expect(world.court.proveWrongLeaf(job, { ...proof, updateLeaves: proof.updateLeaves.slice(1) }))
      .to.be.revertedWithCustomError(world.court, "LengthMismatch")
      .withArgs(7, 6);
    const snapshot = await world.helpers.takeSnapshot();
    await world.court.proveWrongLeaf(job, proof);
    await snapshot.restore();
    await world.court.proveWrongLeaf(job, { ...proof, updateLeaves: [] });
    expect(await phaseOf(player())).to.equal(PHASE.propose);
  });

  it("may be a value in the leaves that fill the tree up", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const values = new Int32Array(512);
    values.set(aggregateOf(player(), view));
    values[511] = -1;
    const aggregate = aggregateTree(values);
    await proposeFrom(player(), 0, aggregate.tree.root);
    const proof = { ...wrongLeafOf(player(), await viewOf(player()), 0, aggregate), updateLeaves: [] };
    await expect(world.court.proveWrongLeaf(job, { ...proof, coordinate: 512 }))
      .to.be.revertedWithCustomError(world.court, "CoordinateOutOfRange")
      .withArgs(512, 512);
    await world.court.proveWrongLeaf(job, { ...proof, coordinate: 511, aggregateLeaf: leafProof(aggregate, 511) });
    expect(await phaseOf(player())).to.equal(PHASE.propose);
  });

  it("may be a value beyond what any mean of int16 can be: a fault, not a revert", async () => {
    const coordinate = 12;
    for (const claimed of [2 ** 31 - 1, -(2 ** 31)]) {
      const snapshot = await player().world.helpers.takeSnapshot();
      const right = aggregateOf(player(), await viewOf(player()))[coordinate]!;
      await prove(player(), await proposeWrong(player(), coordinate, claimed - right), coordinate);
      expect(await phaseOf(player())).to.equal(PHASE.propose);
      await snapshot.restore();
    }
  });

  it("cannot be found in a right aggregate, whatever the coordinate", async () => {
    const { world, job } = player();
    const padded = wrongAggregate(player(), await viewOf(player()), 0, 0);
    const values = aggregateOf(player(), await viewOf(player()));
    await proposeFrom(player(), 0, padded.tree.root);
    const view = await viewOf(player());
    const random = seededRandom(6);
    for (const coordinate of [0, 127, 128, 299, 300, 383, ...Array.from({ length: 40 }, () => random.below(384))]) {
      await expect(world.court.proveWrongLeaf(job, wrongLeafOf(player(), view, coordinate, padded)))
        .to.be.revertedWithCustomError(world.court, "AggregateIsRight")
        .withArgs(coordinate, values[coordinate] ?? 0);
    }
  });

  it("is not proved by a wrong leaf, a wrong path or a wrong length", async () => {
    const { world, job } = player();
    const { court } = world;
    const { view, aggregate } = await proposeWrong(player(), 40);
    const right = wrongLeafOf(player(), view, 40, aggregate);
    const { updateLeaves: leaves, aggregateLeaf: top } = right;
    const swapped = { ...right, updateLeaves: [leaves[1]!, leaves[0]!, ...leaves.slice(2)] };
    await expect(court.proveWrongLeaf(job, swapped)).to.be.revertedWithCustomError(court, "BadProof").withArgs(0);
    const short = { ...leaves[2]!, siblings: leaves[2]!.siblings.slice(1) };
    await expect(court.proveWrongLeaf(job, { ...right, updateLeaves: leaves.with(2, short) }))
      .to.be.revertedWithCustomError(court, "BadProof")
      .withArgs(2);
    const long = { ...leaves[2]!, leaf: `${leaves[2]!.leaf}00` as const };
    await expect(court.proveWrongLeaf(job, { ...right, updateLeaves: leaves.with(2, long) }))
      .to.be.revertedWithCustomError(court, "BadLeafSize")
      .withArgs(257, 256);
    const forged = { ...top, leaf: toHex(new Uint8Array(512)) };
    await expect(court.proveWrongLeaf(job, { ...right, aggregateLeaf: forged }))
      .to.be.revertedWithCustomError(court, "BadProof")
      .withArgs(7);
    await expect(court.proveWrongLeaf(job, { ...right, coordinate: 168 })).to.be.revertedWithCustomError(
      court,
      "BadProof",
    );
    await court.proveWrongLeaf(job, right);
  });

  it("is judged over the include set on the chain only, while a proposal stands", async () => {
    const { world, job } = player();
    const early = wrongAggregate(player(), await viewOf(player()), 40);
    await expect(
      world.court.proveWrongLeaf(job, wrongLeafOf(player(), await viewOf(player()), 40, early)),
    ).to.be.revertedWithCustomError(world.court, "NoStandingProposal");
    const { view, aggregate } = await proposeWrong(player(), 40);
    const proof = wrongLeafOf(player(), view, 40, aggregate);
    const heavier = proof.updates.with(0, { ...proof.updates[0]!, exampleCount: 999 });
    for (const updates of [heavier, proof.updates.slice(1), proof.updates.toReversed()]) {
      await expect(world.court.proveWrongLeaf(job, { ...proof, updates })).to.be.revertedWithCustomError(
        world.court,
        "WrongIncludeSet",
      );
    }
    await attestAll(player());
    await expect(world.court.proveWrongLeaf(job, proof))
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.score);
  });

  it("can be reported to a job by the court only", async () => {
    const { world, job } = player();
    await proposeRight(player());
    const record = { seed: ZERO_WORD, includeHash: ZERO_WORD, aggregateRoot: ZERO_WORD, poster: 0, attesters: [] };
    for (const call of [
      () => job.faultProposal(world.sponsor),
      () => job.faultRecord(1, record, world.sponsor),
      () => job.faultMember(0, world.sponsor),
      () => job.openDemand(),
      () => job.closeDemand(),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(job, "OnlyCourt").withArgs(world.sponsor);
    }
  });

  it("never leaves the round without an end, though every proposal is wrong and every seat guilty", async () => {
    const { job, world } = player();
    const first = await proposeWrong(player(), 3);
    await attestAll(player(), [0, 1], []);
    await prove(player(), first, 3);
    expect((await viewOf(player())).liveSeats).to.equal(0b111100n); // the quorum of six
    await world.helpers.mine(3, { interval: 100 });
    const second = await proposeWrong(player(), 4, 1, 2);
    await attestAll(player(), [3, 4, 5], []);
    await prove(player(), second, 4);
    expect((await viewOf(player())).liveSeats).to.equal(0n);
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.propose);
  });

  it("ends the round at once when it leaves fewer seats than a quorum, and nobody else pays for that", async () => {
    const { job } = player();
    const wrong = await proposeWrong(player(), 3);
    await attestAll(player(), [1, 2], []);
    await prove(player(), wrong, 3);
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.propose);
    expect((await stakesOf(wrong.view)).slice(3)).to.deep.equal(Array<bigint>(3).fill(100n * ETHER));
  });
});

/** Counts and values at which the rules differ from each other. */
const COUNTS = [3, 5, 7, 5_000, 61];

for (const [rule, trimPermille] of [
  [0, 0],
  [1, 200],
  [2, 0],
] as const) {
  describe(`the court, by rule ${rule}`, () => {
    const player = playingFrom(() => startedJob(5, { weightCap: 60, rule, trimPermille }));

    it("finds a right aggregate right, with counts bounded by the cap and twice their median, and a wrong one wrong", async () => {
      const random = seededRandom(8, rule);
      for (const [id, count] of COUNTS.entries()) {
        const values = Int16Array.from({ length: 300 }, () => random.below(65_535) - 32_767);
        player().replaced.set(id, makeUpdate(values, count, id));
      }
      await playToPropose(player());
      const claimed = wrongAggregate(player(), await viewOf(player()), 0, 0);
      await proposeFrom(player(), 0, claimed.tree.root);
      const { world, job } = player();
      const view = await viewOf(player());
      for (const coordinate of [0, 150, 299]) {
        await expect(
          world.court.proveWrongLeaf(job, wrongLeafOf(player(), view, coordinate, claimed)),
        ).to.be.revertedWithCustomError(world.court, "AggregateIsRight");
      }
      await world.helpers.mine(10, { interval: 1_000 });
      await advance(player()); // nobody attested: the next slot
      await prove(player(), await proposeWrong(player(), 299, -1, 1), 299);
      expect(await phaseOf(player())).to.equal(PHASE.propose);
    });

    it("judges values at both ends of int16, all alike and apart", async () => {
      for (const id of COUNTS.keys()) {
        const values = new Int16Array(300).fill(id < 3 ? 32_767 : -32_768, 0, 128).fill(-32_768, 128);
        values[299] = id; // one operator a root
        player().replaced.set(id, makeUpdate(values, 10 + id, id));
      }
      await playToPropose(player());
      const claimed = wrongAggregate(player(), await viewOf(player()), 0, 0);
      await proposeFrom(player(), 0, claimed.tree.root);
      const { world, job } = player();
      const view = await viewOf(player());
      expect(updateOf(player(), view, 0).values[200]).to.equal(-32_768);
      for (const coordinate of [100, 200]) {
        await expect(
          world.court.proveWrongLeaf(job, wrongLeafOf(player(), view, coordinate, claimed)),
        ).to.be.revertedWithCustomError(world.court, "AggregateIsRight");
      }
    });

    it("settles rounds that nobody contradicts", async () => {
      await expect(playRound(player())).to.emit(player().job, "RoundSettled");
    });
  });
}
