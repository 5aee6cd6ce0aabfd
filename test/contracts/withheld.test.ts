import { expect } from "chai";
import { describe, it } from "mocha";
import { ZERO_WORD } from "../../node/core/bytes.ts";
import { includeHash } from "../../node/core/encoding.ts";
import { bitOf, bitsOf, fullMask } from "../../node/core/roundView.ts";
import { eventOf, memberView, PHASE, poolOf, stakeOf, updateOf, viewOf, type View } from "./player.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  includedOf,
  playFromChallenge,
  playToPropose,
  proposeFrom,
  proposeRight,
  type Aggregate,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { answerOf, demand } from "./trial.ts";
import { account, as, ETHER, read } from "./world.ts";

/** Past a demand's 200 seconds and two blocks. */
const OVER = [4, { interval: 100 }] as const;

describe("a demand that nobody answers", () => {
  let aggregate: Aggregate;
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await playToPropose(started);
    aggregate = aggregateTree(aggregateOf(started, await viewOf(started)));
    await proposeFrom(started, 0, aggregate.tree.root);
    return started;
  });
  const wait = (): Promise<void> => player().world.helpers.mine(...OVER);
  const bondsOf = (address: string): Promise<bigint> => read(player().world.court, "bondsOf", address);
  const updateAt = (view: View, index: number): Aggregate =>
    updateOf(player(), view, view.cohort[bitsOf(view.includedMask)[index]!]!);

  it("is judged once its seconds and its blocks are over, and not before; until then it may be answered", async () => {
    const { world, job } = player();
    const asked = await (await demand(player(), aggregate, [0, 2, 0])).getBlock();
    await world.helpers.mine(3);
    const snapshot = await world.helpers.takeSnapshot();
    await world.helpers.time.setNextBlockTimestamp(asked!.timestamp + 200);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "DemandsOpen").withArgs(1);
    await snapshot.restore();
    await world.helpers.time.setNextBlockTimestamp(asked!.timestamp + 200);
    await world.court.answer(job, 1, answerOf(aggregate, 2, 0)); // in time, to the second
    await snapshot.restore();
    await world.helpers.time.setNextBlockTimestamp(asked!.timestamp + 201);
    await expect(world.court.answer(job, 1, answerOf(aggregate, 2, 0)))
      .to.be.revertedWithCustomError(world.court, "TooLate")
      .withArgs(asked!.timestamp + 200);
    await expect(advance(player())).to.emit(world.court, "Overdue");
  });

  it("is nobody's fault while the chain stands still: the first blocks after a halt still take the answer", async () => {
    const { world, job } = player();
    const asked = await (await demand(player(), aggregate, [0, 2, 0])).getBlock();
    const snapshot = await world.helpers.takeSnapshot();
    await world.helpers.time.setNextBlockTimestamp(asked!.timestamp + 100_000);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "DemandsOpen").withArgs(1);
    await snapshot.restore();
    await world.helpers.time.setNextBlockTimestamp(asked!.timestamp + 100_000);
    await world.court.answer(job, 1, answerOf(aggregate, 2, 0));
    expect((await viewOf(player())).openDemands).to.equal(0n);
  });

  describe("for the aggregate", () => {
    it("costs the poster its fault slash and the seat, pays the demander, and gives the turn to the next slot", async () => {
      const { world, job } = player();
      const before = await viewOf(player());
      const watcher = await account(world, 900);
      const address = await watcher.signer.getAddress();
      const asked = { ...player(), world: { ...world, court: as(world.court, watcher.signer) } };
      await demand(asked, aggregate, [0, 2, 0], ETHER);
      await attestAll(player(), [1], []);
      await wait();
      const pool = await poolOf(player());
      await expect(advance(player()))
        .to.emit(job, "MemberMissed")
        .withArgs(1, before.seats[0], PHASE.challenge, 60n * ETHER, 60n * ETHER);
      const view = await viewOf(player());
      expect(view).to.include({
        phase: PHASE.propose,
        firstSlot: 1n,
        openDemands: 0n,
        windowEnd: 0n,
        attestedMask: 0n,
      });
      expect(view.liveSeats).to.equal(fullMask(4) & ~bitOf(0));
      expect(await stakeOf(player(), before.seats[0]!)).to.equal(40n * ETHER);
      expect(await stakeOf(player(), before.seats[1]!)).to.equal(100n * ETHER); // it vouched for what it had
      expect((await memberView(player(), before.seats[0]!)).ejected).to.equal(false);
      expect(await read(world.treasury, "creditOf", world.token, address)).to.equal(20n * ETHER);
      expect(await poolOf(player())).to.equal(pool + 40n * ETHER);
      expect(await bondsOf(address)).to.equal(ETHER);
      await proposeRight(player(), 1);
      await playFromChallenge(player());
      expect((await viewOf(player())).round).to.equal(2n);
    });

    it("voids the other open demands and returns their bonds", async () => {
      const { world, job } = player();
      await demand(player(), aggregate, [0, 2, 0], ETHER);
      await demand(player(), aggregate, [0, 0, 3], ETHER);
      await wait();
      await advance(player());
      expect(await bondsOf(await world.sponsor.getAddress())).to.equal(2n * ETHER);
      expect(await read<readonly unknown[]>(world.court, "openDemands", job)).to.deep.equal([]);
      await expect(world.court.answer(job, 2, answerOf(aggregate, 0, 3))).to.be.revertedWithCustomError(
        world.court,
        "NoSuchDemand",
      );
    });

    it("leaves the same root to the next slot: that is another proposal, of which nothing was asked", async () => {
      await demand(player(), aggregate, [0, 2, 0], ETHER);
      await wait();
      await advance(player());
      await proposeFrom(player(), 1, aggregate.tree.root);
      await demand(player(), aggregate, [0, 2, 0], ETHER);
      expect((await viewOf(player())).openDemands).to.equal(1n);
    });
  });

  describe("for an update", () => {
    /** Demands the root of the update at include index 2, and lets the time run out. */
    async function withheld(): Promise<View> {
      const view = await viewOf(player());
      await attestAll(player(), [1]);
      await demand(player(), updateAt(view, 2), [3, 2, 0], ETHER);
      await wait();
      return view;
    }

    it("takes it from the include set, and slashes its owner and those who certified it", async () => {
      const { world } = player();
      const before = await withheld();
      const owner = before.cohort[2]!;
      const without = includedOf(player(), before).toSpliced(2, 1);
      const event = await eventOf<{ memberId: bigint; includedMask: bigint; includeHash: string }>(
        player(),
        advance(player()),
        "UpdateWithheld",
      );
      const includedMask = before.includedMask & ~4n;
      expect(event).to.deep.include({ memberId: owner, includedMask, includeHash: includeHash(without) });
      const view = await viewOf(player());
      expect(view).to.include({
        phase: PHASE.propose,
        firstSlot: 0n,
        aggregateRoot: ZERO_WORD,
        includeHash: includeHash(without),
        attestedMask: 0n,
        scoreCommittedMask: 0n,
        liveSeats: fullMask(4),
      });
      const expected = [...view.cohort].map((id) => {
        if (id === owner) return 40n * ETHER; // who does not certify itself
        return before.seats.includes(id) ? 99n * ETHER : 100n * ETHER;
      });
      expect(await Promise.all(view.cohort.map((id) => stakeOf(player(), id)))).to.deep.equal(expected);
      expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.equal(20n * ETHER);
    });

    it("lets the same aggregator propose again, over what is left", async () => {
      await withheld();
      await advance(player());
      expect(includedOf(player(), await viewOf(player()))).to.have.length(5);
      await proposeRight(player(), 0);
      await playFromChallenge(player());
      expect(await viewOf(player())).to.include({ phase: PHASE.draw, round: 2n });
    });

    it("skips the round where too few are left", async () => {
      const { job, world } = player();
      for (const left of [5, 4, 3]) {
        await demand(player(), updateAt(await viewOf(player()), 0), [1, 2, 0], ETHER);
        await wait();
        await advance(player());
        expect(includedOf(player(), await viewOf(player()))).to.have.length(left);
        await proposeRight(player(), 0);
      }
      await demand(player(), updateAt(await viewOf(player()), 1), [2, 2, 0], ETHER);
      await wait();
      await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.challenge);
      expect(await read<readonly unknown[]>(world.court, "openDemands", job)).to.deep.equal([]);
    });
  });
});
