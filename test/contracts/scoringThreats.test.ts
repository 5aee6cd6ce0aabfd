import { expect } from "chai";
import { describe, it } from "mocha";
import { bitsOf } from "../../node/core/roundView.ts";
import { attestationOf, ownIndex, scoreCommitOf, scoreOpeningOf, vectorOf } from "./messages.ts";
import { eventOf, PHASE, phaseOf, stakeOf, viewOf, waitLong } from "./player.ts";
import { advance, attestAll, playToChallenge } from "./round.ts";
import { partsOf, payOf, settleBy, type Contributions, type Settled } from "./settling.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { ETHER, POOL } from "./world.ts";

const PAY = partsOf(POOL);
/** What honest seats measure. */
const HONEST: Contributions = { 0: 4, 1: 4, 2: 4, 3: 4, 4: 4, 5: 4, 6: 4, 7: 4 };

/** Eight members, of whom seven sit; one round. */
const prepare = async (): ReturnType<typeof startedJob> => {
  const started = await startedJob(8, { committeeSize: 7, rounds: 1 });
  await playToChallenge(started);
  return started;
};

describe("threat: scorers who score rivals zero", () => {
  const player = playingFrom(prepare);

  it("take nothing from their victim while they are fewer than half of those who score it, and lose no stake", async () => {
    const view = await viewOf(player());
    const victim = Number(view.seats[6]); // scored by the six other seats
    const settled = await settleBy(player(), (seat) => (seat < 2 ? { ...HONEST, [victim]: 0 } : HONEST));
    const fair = PAY.contributors / 8n;
    expect(payOf(view, settled, victim)).to.be.within((fair * 95n) / 100n, (fair * 105n) / 100n);
    for (const id of view.seats) expect(await stakeOf(player(), id)).to.equal(100n * ETHER);
  });

  it("take its pay as half of those who score it, for the lower median is theirs: a quorum is what one has to trust", async () => {
    const view = await viewOf(player());
    const victim = Number(view.seats[6]);
    const settled = await settleBy(player(), (seat) => (seat < 3 ? { ...HONEST, [victim]: 0 } : HONEST));
    expect(payOf(view, settled, victim)).to.equal(0n);
    expect(settled.contributorsPay.reduce((sum, pay) => sum + pay)).to.equal(PAY.contributors);
  });
});

describe("threat: scorers who score themselves", () => {
  const player = playingFrom(prepare);

  it("open a vector that does not count: the fee is lost, and the price of a miss with it", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const own = ownIndex(view, 3);
    const selfish = scoreOpeningOf(view, 3, Array<number>(8).fill(0).with(own, 10_000));
    const openings = view.seats.map((_, seat) => (seat === 3 ? selfish : scoreOpeningOf(view, seat)));
    await attestAll(player(), [0, 1, 2, 3, 4, 5, 6], openings);
    await job.openScores(openings);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0b1110111n);
    await waitLong(player());
    const settled = await eventOf<Settled>(player(), advance(player()), "RoundSettled");
    expect(settled.judgesPay[3]).to.equal(0n);
    expect(settled.judgesPay[4]).to.be.greaterThan(0n);
    expect(await stakeOf(player(), view.seats[3]!)).to.equal(99n * ETHER);
  });
});

describe("threat: scorers who copy", () => {
  const player = playingFrom(prepare);

  it("another's commitment cannot open it, for it names its scorer: no fee, and a miss", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const honest = view.seats.map((_, seat) => scoreOpeningOf(view, seat));
    const commits = honest.map((opening) => scoreCommitOf(player(), view, opening));
    // Seat 5 signs the commitment of seat 0 as its own.
    const { commitment } = commits[0]!;
    const asSeat0 = {
      ...player(),
      members: player().members.with(Number(view.seats[0]), player().members[Number(view.seats[5])]!),
    };
    const copied = { ...scoreCommitOf(asSeat0, view, honest[0]!), seat: 5 };
    expect(copied.commitment).to.equal(commitment);
    await job.attest(
      view.seats.map((_, seat) => attestationOf(player(), view, seat)),
      [...commits.filter(({ seat }) => seat !== 5), copied],
    );
    expect(await phaseOf(player())).to.equal(PHASE.score);
    await job.openScores([...honest.filter(({ seat }) => seat !== 5), { ...honest[0]!, seat: 5 }]);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0b1011111n);
    await waitLong(player());
    const settled = await eventOf<Settled>(player(), advance(player()), "RoundSettled");
    expect(settled.judgesPay[5]).to.equal(0n);
    expect(await stakeOf(player(), view.seats[5]!)).to.equal(99n * ETHER);
  });

  it("what others open come too late: who has not committed in Challenge scores nothing in Score", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const honest = view.seats.map((_, seat) => scoreOpeningOf(view, seat));
    await attestAll(player(), [0, 1, 2, 3, 4, 5, 6], honest.slice(0, 6));
    await waitLong(player());
    await advance(player());
    await job.openScores(honest.slice(0, 3));
    await job.attest([], [scoreCommitOf(player(), view, honest[6]!)]);
    await job.openScores([honest[6]]);
    expect(await viewOf(player())).to.include({ scoreCommittedMask: 0b0111111n, scoreOpenedMask: 0b0000111n });
  });
});

describe("threat: scorers who collude", () => {
  const player = playingFrom(prepare);

  it("for a friend earn it no more than the others measured, while they are fewer than half of those who score a member", async () => {
    const view = await viewOf(player());
    const outsider = view.cohort.find((id) => !view.seats.includes(id))!; // scored by all seven
    const settled = await settleBy(player(), (seat) => (seat < 2 ? { [Number(outsider)]: 1 } : HONEST));
    const fair = PAY.contributors / 8n;
    expect(payOf(view, settled, outsider)).to.be.within((fair * 95n) / 100n, (fair * 105n) / 100n);
  });

  it("as a majority decide the scores, as whoever takes part has to know, and touch nobody's stake and no aggregate", async () => {
    const view = await viewOf(player());
    const outsider = view.cohort.find((id) => !view.seats.includes(id))!;
    const settled = await settleBy(player(), (seat) => (seat < 4 ? { [Number(outsider)]: 1 } : HONEST));
    expect(payOf(view, settled, outsider)).to.equal(PAY.contributors);
    for (const id of view.cohort) expect(await stakeOf(player(), id)).to.equal(100n * ETHER);
  });

  it("to open late or not at all stop nothing: the round is settled by what was opened, and they pay a miss each", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const openings = view.seats.map((_, seat) => scoreOpeningOf(view, seat));
    await attestAll(player(), [0, 1, 2, 3, 4, 5, 6], openings);
    await job.openScores(openings.slice(4));
    await waitLong(player());
    const settled = await eventOf<Settled>(player(), advance(player()), "RoundSettled");
    expect(bitsOf(view.includedMask)).to.have.length(8);
    expect(settled.contributorsPay.reduce((sum, pay) => sum + pay)).to.equal(((POOL + 4n * ETHER) * 7_000n) / 10_000n);
    for (const seat of [0, 1, 2, 3]) {
      expect(await stakeOf(player(), view.seats[seat]!)).to.equal(99n * ETHER);
    }
    expect(settled.judgesPay.slice(1, 4)).to.deep.equal([0n, 0n, 0n]);
    expect(vectorOf(view, 0).reduce((sum, score) => sum + score)).to.equal(10_000);
  });
});
