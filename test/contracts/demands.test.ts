import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";
import { includeHash } from "../../node/core/encoding.ts";
import { bitOf, bitsOf, fullMask } from "../../node/core/roundView.ts";
import { eventOf, memberView, PHASE, phaseOf, poolOf, stakeOf, updateOf, viewOf, type View } from "./player.ts";
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
import { answerOf, demand, nodeOf, pathOf, proposeWrong, prove } from "./trial.ts";
import { account, as, ETHER, read } from "./world.ts";

const GWEI = 10n ** 9n;
/** Of an answer at a base fee of 1 gwei. */
const PRICE = 300_000n * GWEI;

describe("a demand", () => {
  let aggregate: Aggregate;
  const player = playingFrom(async () => {
    // 100 leaves: a depth of 7, so that the root's answer is 64 hashes a level above the leaves.
    const started = await startedJob(6, { committeeSize: 4, vectorLength: 12_800 });
    await playToPropose(started);
    aggregate = aggregateTree(aggregateOf(started, await viewOf(started)));
    await proposeFrom(started, 0, aggregate.tree.root);
    return started;
  });
  const seconds = (length: number): Promise<number> => player().world.helpers.time.increase(length);
  const bondsOf = (address: string): Promise<bigint> => read(player().world.court, "bondsOf", address);
  const updateAt = (view: View, index: number): Aggregate =>
    updateOf(player(), view, view.cohort[bitsOf(view.includedMask)[index]!]!);

  it("keeps the window open although all have attested, until it is answered and its time is over", async () => {
    const { world, job } = player();
    await demand(player(), aggregate, [0, 7, 0]);
    await attestAll(player());
    expect(await viewOf(player())).to.include({ phase: PHASE.challenge, openDemands: 1n });
    await expect(advance(player())).to.be.revertedWithCustomError(job, "DemandsOpen").withArgs(1);
    const answered = await (await world.court.answer(job, 1, answerOf(aggregate, 7, 0))).getBlock();
    const view = await viewOf(player());
    expect(view).to.include({ openDemands: 0n, windowEnd: BigInt(answered!.timestamp + 200) });
    await world.helpers.time.setNextBlockTimestamp(answered!.timestamp + 199);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(answered!.timestamp + 200);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.score);
  });

  it("reaches any leaf in three steps, each answer checked against the node's hash", async () => {
    const { world, job } = player();
    const { court } = world;
    const leaf = 77;
    for (const [step, [level, index]] of [
      [7, 0],
      [1, leaf >> 1],
      [0, leaf],
    ].entries() as Iterable<[number, [number, number]]>) {
      await demand(player(), aggregate, [0, level, index]);
      const right = answerOf(aggregate, level, index);
      const wrong = `${right.slice(0, -2)}${right.endsWith("00") ? "01" : "00"}`;
      await expect(court.answer(job, step + 1, wrong)).to.be.revertedWithCustomError(court, "BadAnswer");
      await expect(court.answer(job, step + 1, right.slice(0, -2))).to.be.revertedWithCustomError(court, "BadLeafSize");
      await expect(court.answer(job, step + 1, right)).to.emit(court, "Answered");
    }
    expect(answerOf(aggregate, 7, 0)).to.have.length(2 + 2 * 32 * 64);
    expect(answerOf(aggregate, 1, 38)).to.have.length(2 + 2 * 32 * 2);
    expect(answerOf(aggregate, 0, 77)).to.have.length(2 + 2 * 512);
  });

  it("can ask for the all-zero leaves that fill the tree up, and for an update's", async () => {
    const { world, job } = player();
    await demand(player(), aggregate, [0, 0, 127]);
    await world.court.answer(job, 1, answerOf(aggregate, 0, 127));
    const view = await viewOf(player());
    await demand(player(), updateAt(view, 4), [5, 0, 99]);
    await expect(world.court.answer(job, 2, answerOf(updateAt(view, 3), 0, 99))).to.be.revertedWithCustomError(
      world.court,
      "BadAnswer",
    );
    await world.court.answer(job, 2, answerOf(updateAt(view, 4), 0, 99));
    expect((await viewOf(player())).openDemands).to.equal(0n);
  });

  it("pays its bond to whoever answers", async () => {
    const { world, job, members } = player();
    const watcher = await account(world, 900);
    const asked = { ...player(), world: { ...world, court: as(world.court, watcher.signer) } };
    await demand(asked, aggregate, [0, 7, 0], 5n * PRICE);
    const answerer = as(world.court, members[2]!.operator);
    await answerer.answer(job, 1, answerOf(aggregate, 7, 0));
    expect(await bondsOf(members[2]!.address)).to.equal(5n * PRICE);
    await expect(answerer.withdrawBonds()).to.changeEtherBalance(world.ethers, members[2]!.operator, 5n * PRICE);
    await expect(answerer.withdrawBonds()).to.be.revertedWithCustomError(world.court, "NoBond");
    await expect(answerer.answer(job, 1, answerOf(aggregate, 7, 0)))
      .to.be.revertedWithCustomError(world.court, "NoSuchDemand")
      .withArgs(1);
  });

  it("costs 1.5 times an answer's gas at the base fee, and twice that for each open one", async () => {
    const { world } = player();
    const { helpers, court } = world;
    for (const index of [0, 1, 2]) {
      const price = PRICE << BigInt(index);
      await helpers.setNextBlockBaseFeePerGas(GWEI);
      await expect(demand(player(), aggregate, [0, 0, index], price - 1n))
        .to.be.revertedWithCustomError(court, "BondTooSmall")
        .withArgs(price - 1n, price);
      await helpers.setNextBlockBaseFeePerGas(GWEI);
      await demand(player(), aggregate, [0, 0, index], price);
    }
    const list = await read<readonly { id: bigint; bond: bigint; deadline: bigint }[]>(
      court,
      "openDemands",
      player().job,
    );
    expect(list.map(({ id, bond }) => [id, bond])).to.deep.equal([
      [1n, PRICE],
      [2n, 2n * PRICE],
      [3n, 4n * PRICE],
    ]);
  });

  it("names a node that is in its tree, by its path, once a proposal", async () => {
    const { world, job } = player();
    const { court } = world;
    const updates = includedOf(player(), await viewOf(player()));
    const ask = (node: ReturnType<typeof nodeOf>, path: readonly string[]): Promise<unknown> =>
      court.demand(job, updates, node, path, { value: ETHER });
    const node = nodeOf(aggregate, 0, 1, 5);
    const path = pathOf(aggregate, 1, 5);
    for (const wrong of [
      { ...node, tree: 7 },
      { ...node, level: 8 },
      { ...node, index: 64 },
      { ...node, level: 2 },
    ]) {
      await expect(ask(wrong, path)).to.be.revertedWithCustomError(court, "NoSuchNode");
    }
    for (const wrong of [
      { ...node, hash: keccakWords(1) },
      { ...node, index: 4 },
      { ...node, tree: 1 },
    ]) {
      await expect(ask(wrong, path)).to.be.revertedWithCustomError(court, "BadPath");
    }
    await expect(court.demand(job, updates.slice(1), node, path, { value: ETHER })).to.be.revertedWithCustomError(
      court,
      "WrongIncludeSet",
    );
    await ask(node, path);
    await expect(ask(node, path)).to.be.revertedWithCustomError(court, "AlreadyDemanded");
    await court.answer(job, 1, answerOf(aggregate, 1, 5));
    await expect(ask(node, path)).to.be.revertedWithCustomError(court, "AlreadyDemanded");
  });

  it("can be made while a proposal stands in Challenge only", async () => {
    const { world, job } = player();
    await attestAll(player());
    await expect(demand(player(), aggregate, [0, 7, 0]))
      .to.be.revertedWithCustomError(job, "WrongPhase")
      .withArgs(PHASE.score);
    const updates = includedOf(player(), await viewOf(player()));
    const node = nodeOf(aggregate, 0, 7, 0);
    await world.helpers.mine(10, { interval: 1_000 });
    await advance(player());
    await expect(world.court.demand(job, updates, node, [], { value: ETHER })).to.be.revertedWithCustomError(
      world.court,
      "NoStandingProposal",
    );
  });

  it("must be answered before its time is over", async () => {
    const { world, job } = player();
    const asked = await (await demand(player(), aggregate, [0, 7, 0])).getBlock();
    await world.helpers.time.setNextBlockTimestamp(asked!.timestamp + 201);
    await expect(world.court.answer(job, 1, answerOf(aggregate, 7, 0)))
      .to.be.revertedWithCustomError(world.court, "TooLate")
      .withArgs(asked!.timestamp + 200);
    await expect(advance(player())).to.emit(world.court, "Overdue");
  });

  it("is not judged before its time is over", async () => {
    const { world, job } = player();
    const asked = await (await demand(player(), aggregate, [0, 7, 0])).getBlock();
    await world.helpers.time.setNextBlockTimestamp(asked!.timestamp + 200);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "DemandsOpen").withArgs(1);
    await world.court.answer(job, 1, answerOf(aggregate, 7, 0)); // in time, to the second
    expect((await viewOf(player())).openDemands).to.equal(0n);
  });

  describe("for the aggregate, unanswered", () => {
    it("costs the poster its fault slash and the seat, pays the demander, and gives the turn to the next slot", async () => {
      const { world, job } = player();
      const before = await viewOf(player());
      const watcher = await account(world, 900);
      const address = await watcher.signer.getAddress();
      const asked = { ...player(), world: { ...world, court: as(world.court, watcher.signer) } };
      await demand(asked, aggregate, [0, 7, 0], ETHER);
      await attestAll(player(), [1], []);
      await seconds(201);
      const pool = await poolOf(player());
      await expect(advance(player()))
        .to.emit(job, "MemberMissed")
        .withArgs(1, before.seats[0], PHASE.challenge, 60n * ETHER);
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
      await demand(player(), aggregate, [0, 7, 0], ETHER);
      await demand(player(), aggregate, [0, 0, 3], ETHER);
      await seconds(201);
      await advance(player());
      expect(await bondsOf(await world.sponsor.getAddress())).to.equal(2n * ETHER);
      expect(await read<readonly unknown[]>(world.court, "openDemands", job)).to.deep.equal([]);
      await expect(world.court.answer(job, 2, answerOf(aggregate, 0, 3))).to.be.revertedWithCustomError(
        world.court,
        "NoSuchDemand",
      );
      // The next slot may post the same root: that is another proposal, and nothing was asked of it.
      await proposeFrom(player(), 1, aggregate.tree.root);
      await demand(player(), aggregate, [0, 7, 0], ETHER);
      expect((await viewOf(player())).openDemands).to.equal(1n);
    });
  });

  describe("for an update, unanswered", () => {
    /** Demands the root of the update at include index 2, and lets the time run out. */
    async function withheld(): Promise<View> {
      const view = await viewOf(player());
      await attestAll(player(), [1]);
      await demand(player(), updateAt(view, 2), [3, 7, 0], ETHER);
      await seconds(201);
      return await viewOf(player());
    }

    it("takes it from the include set, and slashes its owner and those who certified it", async () => {
      const { job, world } = player();
      const before = await withheld();
      const owner = before.cohort[2]!;
      const without = includedOf(player(), before).toSpliced(2, 1);
      const event = await eventOf<{ memberId: bigint; includedMask: bigint; includeHash: string }>(
        player(),
        advance(player()),
        "UpdateWithheld",
      );
      expect(event).to.deep.include({
        memberId: owner,
        includedMask: before.includedMask & ~4n,
        includeHash: includeHash(without),
      });
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
      expect(await read(world.treasury, "stakeOf", job, player().members[0]!.walletAddress)).to.equal(expected[0]);
    });

    it("lets the same aggregator propose again, over what is left", async () => {
      await withheld();
      await advance(player());
      const view = await viewOf(player());
      expect(includedOf(player(), view)).to.have.length(5);
      await proposeRight(player());
      await playFromChallenge(player());
      expect(await viewOf(player())).to.include({ phase: PHASE.draw, round: 2n });
    });

    it("skips the round where too few are left", async () => {
      const { job, world } = player();
      for (const left of [5, 4, 3]) {
        const view = await viewOf(player());
        await demand(player(), updateAt(view, 0), [1, 7, 0], ETHER);
        await seconds(201);
        await advance(player());
        expect(includedOf(player(), await viewOf(player()))).to.have.length(left);
        await proposeRight(player());
      }
      const view = await viewOf(player());
      await demand(player(), updateAt(view, 1), [2, 7, 0], ETHER);
      await seconds(201);
      await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.challenge);
      expect(await read<readonly unknown[]>(world.court, "openDemands", job)).to.deep.equal([]);
    });
  });

  describe("in numbers", () => {
    it("is one of eight that are open at most", async () => {
      const { world, job } = player();
      for (let index = 0; index < 8; index++) await demand(player(), aggregate, [0, 0, index], ETHER);
      await expect(demand(player(), aggregate, [0, 0, 8], 1_000n * ETHER))
        .to.be.revertedWithCustomError(world.court, "TooManyDemands")
        .withArgs(8);
      await world.court.answer(job, 3, answerOf(aggregate, 0, 2));
      await demand(player(), aggregate, [0, 0, 8], ETHER);
      const list = await read<readonly { id: bigint; node: { index: bigint } }[]>(world.court, "openDemands", job);
      expect(list.map(({ id }) => Number(id)).sort((a, b) => a - b)).to.deep.equal([1, 2, 4, 5, 6, 7, 8, 9]);
    });

    it("extends the window three times a tree, and no more: as often as it takes to reach a leaf, and once for the proof", async () => {
      const { world, job } = player();
      const ends: bigint[] = [];
      for (let index = 0; index < 5; index++) {
        await seconds(50);
        await demand(player(), aggregate, [0, 0, index], ETHER);
        await world.court.answer(job, index + 1, answerOf(aggregate, 0, index));
        ends.push((await viewOf(player())).windowEnd);
      }
      expect(ends[1]).to.be.greaterThan(ends[0]!);
      expect(ends[2]).to.be.greaterThan(ends[1]!);
      expect(ends.slice(3)).to.deep.equal([ends[2], ends[2]]);
      const view = await viewOf(player());
      await demand(player(), updateAt(view, 0), [1, 0, 0], ETHER); // another tree
      await world.court.answer(job, 6, answerOf(updateAt(view, 0), 0, 0));
      expect((await viewOf(player())).windowEnd).to.be.greaterThan(ends[4]!);
    });

    it("falls with its proposal when that is proven wrong: anyone sets the bond free", async () => {
      const { world, job } = player();
      const { court } = world;
      await advanceToNextSlot();
      const wrong = await proposeWrong(player(), 55, 1, 1);
      await demand(player(), wrong.aggregate, [0, 7, 0], ETHER);
      await expect(court.releaseBond(job, 1)).to.be.revertedWithCustomError(court, "NoSuchDemand").withArgs(1);
      await prove(player(), wrong, 55);
      expect(await viewOf(player())).to.include({ phase: PHASE.propose, openDemands: 0n });
      await as(court, player().members[0]!.operator).releaseBond(job, 1);
      expect(await bondsOf(await world.sponsor.getAddress())).to.equal(ETHER);
      await expect(court.releaseBond(job, 1)).to.be.revertedWithCustomError(court, "NoSuchDemand");
    });

    async function advanceToNextSlot(): Promise<void> {
      await player().world.helpers.mine(10, { interval: 1_000 });
      await advance(player());
    }
  });
});
