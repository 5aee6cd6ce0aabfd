import { expect } from "chai";
import { describe, it } from "mocha";
import { ZERO_WORD } from "../../node/core/bytes.ts";
import { roundRecordHash, type RoundRecord } from "../../node/core/encoding.ts";
import { earnedBy, memberOf, memberView, PHASE, phaseOf, poolOf, stakeOf, viewOf, type View } from "./player.ts";
import { attestAll, draw, openAllScores, playRound, playToPropose } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { proposeWrong, wrongLeafOf, type Wrong, type WrongLeaf } from "./trial.ts";
import { as, ETHER, read } from "./world.ts";

const COORDINATE = 123;

describe("a wrong leaf of a settled round", () => {
  let wrong: Wrong;
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4, rounds: 5 });
    await playToPropose(started);
    wrong = await proposeWrong(started, COORDINATE);
    await attestAll(started, [1, 2], []); // a quorum with the poster: it colludes
    await attestAll(started, [3], []);
    await started.world.helpers.mine(4, { interval: 200 });
    await started.job.advance();
    await started.job.advance(); // nobody scored
    return started;
  });
  const recordOf = (view: View): RoundRecord => {
    const attesters = view.seats.map(Number);
    const { seed, includeHash, aggregateRoot } = view;
    return { seed, includeHash, aggregateRoot, poster: attesters[0]!, attesters };
  };
  const proof = (): WrongLeaf => wrongLeafOf(player(), wrong.view, COORDINATE, wrong.aggregate);
  const seatStakes = (): Promise<bigint[]> => Promise.all(wrong.view.seats.map((id) => stakeOf(player(), id)));

  it("slashes and ejects the poster and all attesters, marks the round, and leaves model and pay as they are", async () => {
    const { world, job } = player();
    const record = recordOf(wrong.view);
    expect(await read<string>(job, "roundRecord", 1)).to.equal(roundRecordHash(record));
    const before = { pool: await poolOf(player()), model: (await viewOf(player())).modelId };
    const earned = await earnedBy(player(), record.poster);
    await expect(world.court.proveSettledWrongLeaf(job, 1, record, proof()))
      .to.emit(job, "RoundFaulty")
      .withArgs(1, world.sponsor);
    expect(await seatStakes()).to.deep.equal(Array<bigint>(4).fill(40n * ETHER));
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.be.greaterThanOrEqual(20n * ETHER);
    expect(await poolOf(player())).to.equal(before.pool + (4n * 60n - 20n) * ETHER);
    expect((await viewOf(player())).modelId).to.equal(before.model);
    expect(await earnedBy(player(), record.poster)).to.equal(earned);
    expect(await read<string>(job, "roundRecord", 1)).to.equal(ZERO_WORD);
    for (const id of record.attesters) expect((await memberView(player(), id)).ejected).to.equal(true);
  });

  it("counts once, and only with the record that the chain has kept", async () => {
    const { world, job } = player();
    const record = recordOf(wrong.view);
    for (const forged of [
      { ...record, attesters: record.attesters.slice(1) },
      { ...record, poster: record.attesters[1]! },
      { ...record, seed: ZERO_WORD },
    ]) {
      await expect(world.court.proveSettledWrongLeaf(job, 1, forged, proof()))
        .to.be.revertedWithCustomError(job, "WrongRecord")
        .withArgs(1);
    }
    await expect(world.court.proveSettledWrongLeaf(job, 2, record, proof()))
      .to.be.revertedWithCustomError(job, "WrongRecord")
      .withArgs(2);
    await world.court.proveSettledWrongLeaf(job, 1, record, proof());
    await expect(world.court.proveSettledWrongLeaf(job, 1, record, proof()))
      .to.be.revertedWithCustomError(job, "WrongRecord")
      .withArgs(1);
    expect(await seatStakes()).to.deep.equal(Array<bigint>(4).fill(40n * ETHER));
  });

  it("is not found where the round was right", async () => {
    const { world, job } = player();
    const record = recordOf(wrong.view);
    await expect(
      world.court.proveSettledWrongLeaf(
        job,
        1,
        record,
        wrongLeafOf(player(), wrong.view, COORDINATE + 1, wrong.aggregate),
      ),
    ).to.be.revertedWithCustomError(world.court, "AggregateIsRight");
  });

  it("takes the seats of the convicted in the running round, which goes on without them", async () => {
    const { world, job } = player();
    await draw(player());
    const drawn = await viewOf(player());
    await world.court.proveSettledWrongLeaf(job, 1, recordOf(wrong.view), proof());
    const { liveSeats, phase } = await viewOf(player());
    expect(phase).to.equal(PHASE.commit);
    for (const [seat, id] of drawn.seats.entries()) {
      expect((liveSeats >> BigInt(seat)) & 1n).to.equal(wrong.view.seats.includes(id) ? 0n : 1n);
    }
  });

  it("still finds the stake of who has left since, as long as it is bonded", async () => {
    const { world, job } = player();
    const leaver = wrong.view.seats[2]!;
    const { wallet } = memberOf(player(), leaver);
    await as(job, wallet).leaveJob();
    await playRound(player());
    await job.unbond(leaver); // its last round is over
    const treasury = as(world.treasury, wallet);
    await expect(treasury.withdraw(job)).to.be.revertedWithCustomError(world.treasury, "StillBonded");
    await world.court.proveSettledWrongLeaf(job, 1, recordOf(wrong.view), proof());
    expect(await stakeOf(player(), leaver)).to.equal(40n * ETHER);
    await world.helpers.time.increase(5_700);
    await treasury.withdraw(job);
    expect(await stakeOf(player(), leaver)).to.equal(0n);
  });

  it("finds nothing of who has withdrawn, and slashes the others all the same", async () => {
    const { world, job } = player();
    const leaver = wrong.view.seats[2]!;
    await as(job, memberOf(player(), leaver).wallet).leaveJob();
    await playRound(player());
    await job.unbond(leaver);
    await world.helpers.time.increase(5_700);
    await as(world.treasury, memberOf(player(), leaver).wallet).withdraw(job);
    await expect(world.court.proveSettledWrongLeaf(job, 1, recordOf(wrong.view), proof()))
      .to.emit(job, "MemberFaulted")
      .withArgs(3, leaver, world.sponsor, 0n);
    expect(await seatStakes()).to.deep.equal([40n * ETHER, 40n * ETHER, 0n, 40n * ETHER]);
  });

  it("can be proved while another round is in any phase, and does not disturb it", async () => {
    const { world, job } = player();
    await playToPropose(player());
    const before = await viewOf(player());
    await world.court.proveSettledWrongLeaf(job, 1, recordOf(wrong.view), proof());
    const { liveSeats, ...after } = await viewOf(player());
    for (const key of ["phase", "phaseStart", "includeHash", "firstSlot", "committedMask"] as const) {
      expect(after[key], key).to.equal(before[key]);
    }
    expect(liveSeats).to.not.equal(before.liveSeats);
    await world.helpers.mine(10, { interval: 1_000 });
    for (let steps = 0; (await phaseOf(player())) !== PHASE.draw; steps++) {
      expect(steps).to.be.lessThan(5);
      await job.advance();
      await openAllScores(player());
    }
  });
});
