import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { holderOf, memberOf, stakeOf, viewOf, type Player } from "./player.ts";
import { advance, aggregateOf, aggregateTree, attestAll, playToPropose, proposeFrom, type Aggregate } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { answerOf, demand, proposeWrong, prove, signedRoot, statementOf, wrongLeafOf } from "./trial.ts";
import { account, as, ETHER, read } from "./world.ts";

const GWEI = 10n ** 9n;
/** What an answer is paid at a base fee of 1 gwei. */
const FEE = 300_000n * GWEI;

const prepare = async (): ReturnType<typeof startedJob> => {
  const started = await startedJob(6, { committeeSize: 4 });
  await playToPropose(started);
  return started;
};
/** What an account has earned by proofs. */
const rewardOf = (player: Player, address: string): Promise<bigint> =>
  read(player.world.treasury, "creditOf", player.world.token, address);
const before = (player: Player, court: Player["world"]["court"]): Player => ({
  ...player,
  world: { ...player.world, court },
});

describe("threat: a front-run challenge", () => {
  const player = playingFrom(prepare);

  it("earns the thief the reward, which is capped, and costs the honest prover its gas; the liar pays the same", async () => {
    const { world, job } = player();
    const [honest, thief] = [await account(world, 800), await account(world, 801)];
    const wrong = await proposeWrong(player(), 9);
    const proof = wrongLeafOf(player(), wrong.view, 9, wrong.aggregate);
    await as(world.court, thief.signer).proveWrongLeaf(job, proof); // copied from the mempool
    await expect(as(world.court, honest.signer).proveWrongLeaf(job, proof)).to.be.revertedWithCustomError(
      world.court,
      "NoStandingProposal",
    );
    expect(await rewardOf(player(), await thief.signer.getAddress())).to.equal(20n * ETHER);
    expect(await rewardOf(player(), await honest.signer.getAddress())).to.equal(0n);
    expect(await stakeOf(player(), wrong.view.seats[0]!)).to.equal(40n * ETHER);
  });
});

describe("threat: slashing oneself", () => {
  const player = playingFrom(prepare);

  it("by a proof of one's own lie loses at least half of what is taken, whoever's name the prover has", async () => {
    const wrong = await proposeWrong(player(), 9);
    const accomplice = await account(player().world, 800);
    await prove(before(player(), as(player().world.court, accomplice.signer)), wrong, 9);
    const lost = 100n * ETHER - (await stakeOf(player(), wrong.view.seats[0]!));
    const won = await rewardOf(player(), await accomplice.signer.getAddress());
    expect([lost, won]).to.deep.equal([60n * ETHER, 20n * ETHER]);
    expect(won).to.be.at.most(lost / 2n);
  });

  it("with accomplices who attest is rewarded once: their stakes pay nobody", async () => {
    const wrong = await proposeWrong(player(), 9);
    await attestAll(player(), [1, 2, 3], []);
    await prove(player(), wrong, 9);
    const stakes = await Promise.all(wrong.view.seats.map((id) => stakeOf(player(), id)));
    expect(stakes).to.deep.equal(Array<bigint>(4).fill(40n * ETHER));
    expect(await rewardOf(player(), await player().world.sponsor.getAddress())).to.equal(20n * ETHER);
  });

  it("by two roots of one's own loses everything for a fifth of it", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const { operator, walletAddress } = holderOf(player(), view, 1);
    const [one, other] = [1, 2].map((root) => signedRoot(player(), view, 1, keccakWords(root)));
    await as(world.court, operator).proveEquivocation(job, statementOf(view, 1), one, other);
    expect(await stakeOf(player(), view.seats[1]!)).to.equal(0n);
    expect(await rewardOf(player(), walletAddress)).to.equal(20n * ETHER); // an operator's reward is its wallet's
  });

  it("by a demand to oneself that is left unanswered loses three times what it wins", async () => {
    const { world } = player();
    const wrong = await proposeWrong(player(), 9);
    const { operator, walletAddress } = holderOf(player(), wrong.view, 0);
    await demand(before(player(), as(world.court, operator)), wrong.aggregate, [0, 2, 0]);
    await world.helpers.mine(4, { interval: 100 });
    await advance(player());
    expect(await stakeOf(player(), wrong.view.seats[0]!)).to.equal(40n * ETHER);
    expect(await rewardOf(player(), walletAddress)).to.equal(20n * ETHER);
  });
});

describe("threat: a demand flood", () => {
  let aggregate: Aggregate;
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4, vectorLength: 12_800 });
    await playToPropose(started);
    aggregate = aggregateTree(aggregateOf(started, await viewOf(started)));
    await proposeFrom(started, 0, aggregate.tree.root);
    return started;
  });
  /** Asks at a base fee of 1 gwei. */
  async function ask(who: Player, index: number, bond: bigint): Promise<void> {
    await player().world.helpers.setNextBlockBaseFeePerGas(GWEI);
    await demand(who, aggregate, [0, 0, index], bond);
  }

  it("of strangers costs them 255 answers for eight, pays the peer that answers eight, and locks no member out", async () => {
    const { world, job } = player();
    const flooder = await account(world, 800);
    const hostile = before(player(), as(world.court, flooder.signer));
    for (let index = 0; index < 8; index++) await ask(hostile, index, FEE << BigInt(index));
    await expect(demand(hostile, aggregate, [0, 0, 8], 500n * ETHER)).to.be.revertedWithCustomError(
      world.court,
      "TooManyDemands",
    );
    const member = memberOf(player(), 3);
    await ask(before(player(), as(world.court, member.operator)), 9, FEE);
    const answerer = holderOf(player(), await viewOf(player()), 0);
    for (let id = 1; id <= 8; id++) {
      await as(world.court, answerer.operator).answer(job, id, answerOf(aggregate, 0, id - 1));
    }
    expect(await read(world.court, "bondsOf", answerer.address)).to.equal(8n * FEE);
    expect(await read(world.court, "bondsOf", flooder.signer)).to.equal(0n); // 255 paid, none comes back
    const { openDemands, phase } = await viewOf(player());
    expect([openDemands, phase]).to.deep.equal([1n, 5n]);
  });

  it("that answers itself loses what was more than an answer's fee, and holds the window open for a bounded time", async () => {
    const { world, job } = player();
    const flooder = await account(world, 800);
    const court = as(world.court, flooder.signer);
    const { phaseStart } = await viewOf(player());
    await ask(before(player(), court), 0, FEE);
    await ask(before(player(), court), 1, 2n * FEE);
    await court.answer(job, 1, answerOf(aggregate, 0, 0));
    await court.answer(job, 2, answerOf(aggregate, 0, 1));
    expect(await read(world.court, "bondsOf", flooder.signer)).to.equal(2n * FEE); // of three
    const last = Number(phaseStart) + 600 + 7 * 3 * 200;
    await world.helpers.time.setNextBlockTimestamp(last + 1);
    await expect(demand(before(player(), court), aggregate, [0, 0, 2])).to.be.revertedWithCustomError(
      world.court,
      "TooLate",
    );
    await attestAll(player());
    expect((await viewOf(player())).phase).to.equal(6n);
  });
});
