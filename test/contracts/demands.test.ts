import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { holderOf, PHASE, phaseOf, updateOf, viewOf, waitLong, type Player, type View } from "./player.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  includedOf,
  playToPropose,
  proposeFrom,
  type Aggregate,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { answerOf, demand, nodeOf, pathOf, proposeWrong, prove } from "./trial.ts";
import { account, as, ETHER, read } from "./world.ts";

const GWEI = 10n ** 9n;
/** What an answer is paid at a base fee of 1 gwei. */
const FEE = 300_000n * GWEI;

describe("a demand", () => {
  let aggregate: Aggregate;
  const player = playingFrom(async () => {
    // 100 leaves: a depth of 7, so that the root's answer is 64 hashes a level above the leaves.
    const started = await startedJob(8, { committeeSize: 4, cohortSize: 6, vectorLength: 12_800 });
    await playToPropose(started);
    aggregate = aggregateTree(aggregateOf(started, await viewOf(started)));
    await proposeFrom(started, 0, aggregate.tree.root);
    return started;
  });
  const bondsOf = (address: string): Promise<bigint> => read(player().world.court, "bondsOf", address);
  const updateAt = (view: View, index: number): Aggregate =>
    updateOf(player(), view, view.cohort[bitsOf(view.includedMask)[index]!]!);
  /** The player, with another account before the court. */
  const askedBy = (caller: Parameters<typeof as>[1]): Player => {
    const { world } = player();
    return { ...player(), world: { ...world, court: as(world.court, caller) } };
  };

  it("keeps the window open although all have attested, and its answer as long again, in seconds and in blocks", async () => {
    const { world, job } = player();
    await demand(player(), aggregate, [0, 7, 0]);
    await attestAll(player());
    expect(await viewOf(player())).to.include({ phase: PHASE.challenge, openDemands: 1n });
    await expect(advance(player())).to.be.revertedWithCustomError(job, "DemandsOpen").withArgs(1);
    const answered = await (await world.court.answer(job, 1, answerOf(aggregate, 7, 0))).getBlock();
    const [end, endBlock] = [answered!.timestamp + 200, answered!.number + 2];
    const view = await viewOf(player());
    expect(view).to.include({ openDemands: 0n, windowEnd: BigInt(end), windowEndBlock: BigInt(endBlock) });
    await world.helpers.time.setNextBlockTimestamp(end);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 0, 1);
    await world.helpers.mine(1);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.score);
  });

  it("keeps it open to the second, also where the last seat attests after the answer", async () => {
    const { world, job } = player();
    await demand(player(), aggregate, [0, 7, 0]);
    const answered = await (await world.court.answer(job, 1, answerOf(aggregate, 7, 0))).getBlock();
    await attestAll(player());
    expect(await phaseOf(player())).to.equal(PHASE.challenge);
    await world.helpers.mine(2);
    await world.helpers.time.setNextBlockTimestamp(answered!.timestamp + 199);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.challenge, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(answered!.timestamp + 200);
    await advance(player());
    expect(await phaseOf(player())).to.equal(PHASE.score);
  });

  it("reaches any leaf in three steps, each answer checked against the node's hash", async () => {
    const { world, job } = player();
    const { court } = world;
    const walk = [
      [7, 0],
      [1, 38],
      [0, 77],
    ] as const;
    for (const [step, [level, index]] of walk.entries()) {
      await demand(player(), aggregate, [0, level, index]);
      const right = answerOf(aggregate, level, index);
      const wrong = `${right.slice(0, -2)}${right.endsWith("00") ? "01" : "00"}`;
      await expect(court.answer(job, step + 1, wrong)).to.be.revertedWithCustomError(court, "BadAnswer");
      await expect(court.answer(job, step + 1, right.slice(0, -2))).to.be.revertedWithCustomError(court, "BadLeafSize");
      await expect(court.answer(job, step + 1, right)).to.emit(court, "Answered");
    }
    const sizes = walk.map(([level, index]) => (answerOf(aggregate, level, index).length - 2) / 2);
    expect(sizes).to.deep.equal([64 * 32, 2 * 32, 512]);
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

  it("pays an answer's fee to whoever answers; what was sent beyond the price is the demander's", async () => {
    const { world, job, members } = player();
    const watcher = await account(world, 900);
    await world.helpers.setNextBlockBaseFeePerGas(GWEI);
    await demand(askedBy(watcher.signer), aggregate, [0, 7, 0], 5n * FEE);
    expect(await bondsOf(await watcher.signer.getAddress())).to.equal(4n * FEE);
    const answerer = as(world.court, members[2]!.operator);
    await answerer.answer(job, 1, answerOf(aggregate, 7, 0));
    await expect(answerer.withdrawBonds()).to.changeEtherBalance(world.ethers, members[2]!.operator, FEE);
    await expect(answerer.withdrawBonds()).to.be.revertedWithCustomError(world.court, "NoBond");
    await expect(answerer.answer(job, 1, answerOf(aggregate, 7, 0)))
      .to.be.revertedWithCustomError(world.court, "NoSuchDemand")
      .withArgs(1);
  });

  it("costs the public twice as much for each open one of it, and a drawn member never more than an answer's fee", async () => {
    const { world, job } = player();
    const { helpers, court } = world;
    for (const index of [0, 1, 2]) {
      const price = FEE << BigInt(index);
      await helpers.setNextBlockBaseFeePerGas(GWEI);
      await expect(demand(player(), aggregate, [0, 0, index], price - 1n))
        .to.be.revertedWithCustomError(court, "BondTooSmall")
        .withArgs(price - 1n, price);
      await helpers.setNextBlockBaseFeePerGas(GWEI);
      await demand(player(), aggregate, [0, 0, index], price);
    }
    const view = await viewOf(player());
    await helpers.setNextBlockBaseFeePerGas(GWEI);
    await demand(askedBy(holderOf(player(), view, 1).operator), aggregate, [0, 0, 3], FEE);
    const list = await read<readonly { id: bigint; bond: bigint }[]>(court, "openDemands", job);
    expect(list.map(({ id, bond }) => [id, bond])).to.deep.equal([
      [1n, FEE],
      [2n, 2n * FEE],
      [3n, 4n * FEE],
      [4n, FEE],
    ]);
    await court.answer(job, 3, answerOf(aggregate, 0, 2));
    expect(await bondsOf(await world.sponsor.getAddress())).to.equal(FEE); // the surplus stays: asking oneself costs
  });

  it("of a contract that takes no coin keeps its bond with the court", async () => {
    const { world } = player();
    const { token, court, helpers } = world;
    const address = await token.getAddress();
    await helpers.setBalance(address, ETHER);
    const asToken = as(court, await world.ethers.getImpersonatedSigner(address));
    await demand({ ...player(), world: { ...world, court: asToken } }, aggregate, [0, 7, 0]);
    await expect(asToken.withdrawBonds()).to.be.revertedWithCustomError(court, "TransferFailed").withArgs(token);
    expect(await bondsOf(address)).to.be.greaterThan(0n);
  });

  it("names a node that is in its tree, by its path, once a proposal", async () => {
    const { world, job } = player();
    const { court } = world;
    const updates = includedOf(player(), await viewOf(player()));
    const options = { value: ETHER, gasLimit: 2_000_000 };
    const ask = (node: ReturnType<typeof nodeOf>, path: readonly string[]): Promise<unknown> =>
      court.demand(job, updates, node, path, options);
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
    await expect(court.demand(job, updates.slice(1), node, path, options)).to.be.revertedWithCustomError(
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
    await waitLong(player());
    await advance(player());
    await expect(
      world.court.demand(job, updates, nodeOf(aggregate, 0, 7, 0), [], { value: ETHER }),
    ).to.be.revertedWithCustomError(world.court, "NoStandingProposal");
  });

  describe("in numbers", () => {
    it("is one of eight of the public's that are open at most; each drawn member has a place of its own beside them", async () => {
      const { world, job, members } = player();
      const view = await viewOf(player());
      const tooMany = async (who: Player, index: number, max: number): Promise<unknown> =>
        expect(demand(who, aggregate, [0, 0, index], 500n * ETHER))
          .to.be.revertedWithCustomError(world.court, "TooManyDemands")
          .withArgs(max);
      for (let index = 0; index < 8; index++) await demand(player(), aggregate, [0, 0, index], ETHER);
      await tooMany(player(), 8, 8);
      const drawn = new Set([...view.cohort, ...view.seats].map(Number));
      const left = [...members.keys()].find((id) => !drawn.has(id));
      if (left !== undefined) await tooMany(askedBy(members[left]!.operator), 8, 8);
      for (const [index, id] of [...drawn].entries()) {
        const { wallet, operator } = members[id]!;
        await demand(askedBy(index % 2 === 0 ? wallet : operator), aggregate, [0, 0, 10 + index]);
        await tooMany(askedBy(operator), 50, 1); // wallet and operator share the place
      }
      expect((await viewOf(player())).openDemands).to.equal(BigInt(8 + drawn.size));
      await world.court.answer(job, 3, answerOf(aggregate, 0, 2));
      await demand(player(), aggregate, [0, 0, 8], ETHER);
      const open = await read<readonly { id: bigint }[]>(world.court, "openDemands", job);
      expect(open).to.have.length(8 + drawn.size);
      expect(open.map(({ id }) => Number(id))).to.not.include(3);
    });

    it("ends with the time that a walk to a leaf of each tree takes, so that no flood holds the window open for ever", async () => {
      const { world } = player();
      const { phaseStart } = await viewOf(player());
      // 600 s of the window, then for seven trees three steps of 200 s each.
      const last = Number(phaseStart) + 600 + 7 * 3 * 200;
      await world.helpers.time.setNextBlockTimestamp(last);
      await demand(player(), aggregate, [0, 0, 1]);
      await world.helpers.time.setNextBlockTimestamp(last + 1);
      await expect(demand(player(), aggregate, [0, 0, 2]))
        .to.be.revertedWithCustomError(world.court, "TooLate")
        .withArgs(last);
    });

    it("falls with its proposal when that is proven wrong: anyone sets the bond free", async () => {
      const { world, job, members } = player();
      const { court } = world;
      await waitLong(player());
      await advance(player()); // nobody attested: the next slot
      const wrong = await proposeWrong(player(), 55, 1, 1);
      await demand(player(), wrong.aggregate, [0, 7, 0], ETHER);
      const left = await bondsOf(await world.sponsor.getAddress());
      await expect(court.releaseBond(job, 1)).to.be.revertedWithCustomError(court, "NoSuchDemand").withArgs(1);
      await prove(player(), wrong, 55);
      expect(await viewOf(player())).to.include({ phase: PHASE.propose, openDemands: 0n });
      expect(await read<readonly unknown[]>(court, "openDemands", job)).to.deep.equal([]);
      await as(court, members[0]!.operator).releaseBond(job, 1);
      expect(await bondsOf(await world.sponsor.getAddress())).to.equal(ETHER);
      expect(left).to.be.lessThan(ETHER);
      await expect(court.releaseBond(job, 1)).to.be.revertedWithCustomError(court, "NoSuchDemand");
    });
  });
});
