import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { SCORE_SUM } from "../../node/core/scores.ts";
import { abstentionOf, ownIndex, scoreCommitOf, scoreOpeningOf, vectorOf } from "./messages.ts";
import { PHASE, phaseOf, viewOf } from "./player.ts";
import { attestAll, playToChallenge } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";

describe("opened scores", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(7, { committeeSize: 5 });
    await playToChallenge(started);
    return started;
  });
  const opened = async (): Promise<bigint> => (await viewOf(player())).scoreOpenedMask;

  /** A vector that was committed as it is, and opened: whether it counts. */
  async function isTaken(seat: number, vector: readonly number[]): Promise<boolean> {
    const { job, world } = player();
    const snapshot = await world.helpers.takeSnapshot();
    const view = await viewOf(player());
    const opening = scoreOpeningOf(view, seat, vector);
    const others = view.seats.map((_, other) => (other === seat ? opening : abstentionOf(other)));
    await attestAll(player(), [0, 1, 2, 3, 4], others);
    expect(await phaseOf(player())).to.equal(PHASE.score);
    await job.openScores([opening]);
    const taken = (await opened()) === 1n << BigInt(seat);
    await snapshot.restore();
    return taken;
  }

  it("sum to 10,000, over every included update, with nothing for the scorer's own", async () => {
    const view = await viewOf(player());
    const seat = 2;
    const own = ownIndex(view, seat);
    const [a, b] = [0, 1, 2].filter((index) => index !== own) as [number, number];
    const right = vectorOf(view, seat);
    expect(await isTaken(seat, right)).to.equal(true);
    expect(await isTaken(seat, Array<number>(7).fill(0).with(a, SCORE_SUM))).to.equal(true);
    expect(await isTaken(seat, right.with(a, right[a]! + 1)), "one too many").to.equal(false);
    expect(await isTaken(seat, right.with(a, right[a]! - 1)), "one too few").to.equal(false);
    expect(await isTaken(seat, right.with(own, 5).with(b, right[b]! - 5)), "its own").to.equal(false);
    expect(await isTaken(seat, right.slice(0, -1)), "too short").to.equal(false);
    expect(await isTaken(seat, [...right, 0]), "too long").to.equal(false);
    expect(await isTaken(seat, Array<number>(7).fill(0)), "nothing for anybody").to.equal(false);
    const wrapped = right.with(a, 65_535).with(b, 65_535);
    expect(await isTaken(seat, wrapped), "beyond the sum").to.equal(false);
  });

  it("are bound to the scorer, the round and the salt", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const openings = view.seats.map((_, seat) => scoreOpeningOf(view, seat));
    await attestAll(player(), [0, 1, 2, 3, 4], openings);
    await job.openScores([
      { ...openings[4]!, salt: keccakWords(3) },
      { ...openings[3]!, seat: 4 },
      { ...openings[3]!, seat: 31 },
      { ...openings[3]!, seat: 255 },
      { ...openings[2]!, vector: openings[1]!.vector },
    ]);
    expect(await opened()).to.equal(0n);
    await job.openScores([openings[1]]);
    expect(await opened()).to.equal(0b00010n);
  });

  it("cannot be changed, nor abstained from, once they are opened", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const openings = view.seats.map((_, seat) => scoreOpeningOf(view, seat));
    await attestAll(player(), [0, 1, 2, 3, 4], openings);
    await job.openScores([openings[0], { ...openings[0]!, vector: "0x" }]);
    await expect(job.openScores([openings[0], abstentionOf(0)])).not.to.emit(job, "ScoreOpened");
    expect(await opened()).to.equal(1n);
  });

  it("are taken from who has not attested, too", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const openings = view.seats.map((_, seat) => scoreOpeningOf(view, seat));
    await job.attest(
      [],
      openings.map((opening) => scoreCommitOf(player(), view, opening)),
    );
    expect((await viewOf(player())).scoreCommittedMask).to.equal(0b11111n);
  });
});
