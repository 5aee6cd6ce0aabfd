import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";
import { attestationOf, proposalOf } from "./messages.ts";
import { holderOf, memberOf, PHASE, stakeOf, viewOf, waitLong } from "./player.ts";
import { advance, playToPropose, proposeFrom } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, ETHER } from "./world.ts";

const ROOT = keccakWords(77);

describe("proposing", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await playToPropose(started);
    return started;
  });
  const stakes = async (): Promise<bigint[]> => {
    const { seats } = await viewOf(player());
    return Promise.all(seats.map((id) => stakeOf(player(), id)));
  };

  it("is for the first seat at once, and for the others when their slot has opened", async () => {
    const { job, world } = player();
    const { phaseStart, phaseStartBlock, seats } = await viewOf(player());
    const start = Number(phaseStart);
    await world.helpers.mine(3);
    await world.helpers.time.setNextBlockTimestamp(start + 199);
    await expect(proposeFrom(player(), 2, ROOT))
      .to.be.revertedWithCustomError(job, "SlotNotOpen")
      .withArgs(2, start + 200, phaseStartBlock + 4n);
    await world.helpers.time.setNextBlockTimestamp(start + 200);
    await expect(proposeFrom(player(), 2, ROOT))
      .to.emit(job, "Proposed")
      .withArgs(1, 2, seats[2], ROOT);
    const view = await viewOf(player());
    expect(view).to.include({ phase: PHASE.challenge, slot: 2n, aggregateRoot: ROOT, attestedMask: 0b100n });
    expect(await stakes()).to.deep.equal([99n * ETHER, 99n * ETHER, 100n * ETHER, 100n * ETHER]);
  });

  it("waits for the blocks of a slot too: a chain that halts takes nobody's turn", async () => {
    const { job, world } = player();
    const { phaseStart, phaseStartBlock } = await viewOf(player());
    const after = Number(phaseStart) + 100_000;
    await world.helpers.time.setNextBlockTimestamp(after); // the first block after the halt
    await expect(proposeFrom(player(), 1, ROOT))
      .to.be.revertedWithCustomError(job, "SlotNotOpen")
      .withArgs(1, phaseStart + 100n, phaseStartBlock + 2n);
    await proposeFrom(player(), 0, ROOT);
    expect((await viewOf(player())).slot).to.equal(0n);
    expect(await stakes()).to.deep.equal(Array<bigint>(4).fill(100n * ETHER));
  });

  it("is open to a late seat while nobody else has proposed", async () => {
    await player().world.helpers.time.increase(350);
    await proposeFrom(player(), 0, ROOT);
    expect((await viewOf(player())).slot).to.equal(0n);
  });

  it("can be posted by anyone who has the seat's signature, and it counts as the seat's attestation", async () => {
    const { job, members, world } = player();
    const view = await viewOf(player());
    const stranger = as(job, memberOf(player(), view.seats[3]!).wallet);
    expect(members).to.have.length(6);
    await stranger.propose(ROOT, proposalOf(player(), view, 0, ROOT));
    expect(await viewOf(player())).to.include({ slot: 0n, attestedMask: 1n });
    expect(await world.ethers.provider.getTransactionCount(holderOf(player(), view, 0).address)).to.equal(0);
  });

  it("refuses another seat's signature, one of another slot, root or round, and who has no seat", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const right = proposalOf(player(), view, 0, ROOT);
    for (const wrong of [
      { ...proposalOf(player(), view, 1, ROOT), seat: 0 },
      proposalOf(player(), view, 0, keccakWords(78)),
      attestationOf(player(), { ...view, slot: 1n, aggregateRoot: ROOT }, 0),
      proposalOf(player(), { ...view, round: 2n }, 0, ROOT),
      proposalOf(player(), { ...view, includeHash: ROOT }, 0, ROOT),
      { ...right, r: ZERO_WORD },
    ]) {
      await expect(job.propose(ROOT, wrong))
        .to.be.revertedWithCustomError(job, "NotASeat")
        .withArgs(0, holderOf(player(), view, 0).operator);
    }
    await waitLong(player());
    await expect(job.propose(ROOT, { ...right, seat: 4 }))
      .to.be.revertedWithCustomError(job, "NotASeat")
      .withArgs(4, `0x${"00".repeat(20)}`);
    await expect(proposeFrom(player(), 0, ZERO_WORD)).to.be.revertedWithCustomError(job, "EmptyRoot");
    await job.propose(ROOT, right);
    await expect(job.propose(ROOT, right)).to.be.revertedWithCustomError(job, "WrongPhase").withArgs(PHASE.challenge);
  });

  it("skips the round and slashes every seat when no slot was taken", async () => {
    const { job, world } = player();
    const before = await viewOf(player());
    await world.helpers.mine(7);
    await world.helpers.time.setNextBlockTimestamp(Number(before.phaseStart) + 399);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.propose, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(Number(before.phaseStart) + 400);
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.propose);
    const after = await viewOf(player());
    expect(after).to.include({ phase: PHASE.draw, round: 2n, modelId: before.modelId });
    expect(await Promise.all(before.seats.map((id) => stakeOf(player(), id)))).to.deep.equal(
      Array<bigint>(4).fill(99n * ETHER),
    );
  });

  it("lasts a slot's blocks for each slot that is left", async () => {
    const { job, world } = player();
    const { phaseStart } = await viewOf(player());
    await world.helpers.mine(6); // of 4 × 2
    await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + 100_000);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.propose, 0, 1);
    await world.helpers.mine(1);
    await expect(advance(player())).to.emit(job, "RoundSkipped");
  });
});
