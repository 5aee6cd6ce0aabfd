import { expect } from "chai";
import { describe, it } from "mocha";
import { PASS } from "../../node/core/encoding.ts";
import { keccakWords } from "../../node/core/bytes.ts";
import { attestationOf, bitmapOf, openingOf, scoreCommitOf, scoreOpeningOf, signedCommitOf } from "./messages.ts";
import { everyone, memberOf, PHASE, phaseOf, stakeOf, viewOf, waitLong, type Player } from "./player.ts";
import {
  advance,
  attestAll,
  commitAll,
  commitEach,
  draw,
  playToChallenge,
  playToPropose,
  proposeFrom,
  proposeRight,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, ETHER } from "./world.ts";

/** How a phase is entered in which one member is missing, so that it ends by its deadline only; and its length in seconds. */
const PHASES: Readonly<Record<string, readonly [(player: Player) => Promise<unknown>, number, number]>> = {
  commit: [
    async (player) => {
      await draw(player);
      await commitAll(player, [0, 1, 2, 3]);
    },
    1_000,
    3,
  ],
  share: [
    async (player) => {
      await draw(player);
      await commitAll(player);
    },
    500,
    3,
  ],
  propose: [playToPropose, 4 * 100, 4 * 3],
  challenge: [playToChallenge, 600, 3],
  score: [
    async (player) => {
      await playToChallenge(player);
      await attestAll(player);
    },
    300,
    3,
  ],
};

describe("threat: a halted chain", () => {
  const player = playingFrom(() => startedJob(5, { committeeSize: 4, phaseBlocks: 3, rounds: 5 }));

  for (const [phase, [enter, seconds, blocks]] of Object.entries(PHASES)) {
    it(`skips no window of ${phase}: after a week without blocks there are still ${blocks} of them to act in`, async () => {
      const { job, world } = player();
      await enter(player());
      const { phase: current, phaseStartBlock } = await viewOf(player());
      const week = (await world.helpers.time.latest()) + 7 * 86_400;
      await world.helpers.time.setNextBlockTimestamp(week);
      const since = BigInt(await world.helpers.time.latestBlock()) + 1n - phaseStartBlock;
      await expect(advance(player()))
        .to.be.revertedWithCustomError(job, "NotYet")
        .withArgs(current, 0, BigInt(blocks) - since);
      await world.helpers.mine(BigInt(blocks) - since);
      await advance(player());
      expect(await phaseOf(player())).to.not.equal(current);
    });

    it(`whose blocks come all at once closes ${phase} no sooner: who mines on demand gains no second`, async () => {
      const { job, world } = player();
      await enter(player());
      const { phase: current, phaseStart } = await viewOf(player());
      await world.helpers.mine(50, { interval: 1 });
      await world.helpers.time.setNextBlockTimestamp(Number(phaseStart) + seconds - 1);
      await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(current, 1, 0);
    });
  }
});

describe("threat: late messages", () => {
  const player = playingFrom(() => startedJob(5, { committeeSize: 4, rounds: 5 }));

  it("of every kind are without effect after their phase, revert nobody's batch, and cost who was late a miss at most", async () => {
    const { job } = player();
    await draw(player());
    const committing = await viewOf(player());
    await commitEach(player(), [0, 1, 2, 3]);
    await waitLong(player());
    await advance(player());
    await job.commitBatch([signedCommitOf(player(), committing, 4)]);
    const late = as(job, memberOf(player(), committing.cohort[4]!).operator);
    await expect(late.commit(4, PASS)).to.be.revertedWithCustomError(job, "WrongPhase");
    const sharing = await viewOf(player());
    expect(sharing.committedMask).to.equal(0b01111n);
    const bitmaps = sharing.seats.map((_, seat) => bitmapOf(player(), sharing, seat, everyone(sharing)));
    await job.share(
      [0, 1, 2].map((position) => openingOf(player(), sharing, position)),
      bitmaps,
    );
    await waitLong(player());
    await advance(player());
    await job.share([openingOf(player(), sharing, 3)], bitmaps);
    const proposing = await viewOf(player());
    expect(proposing).to.include({ includedMask: 0b00111n, phase: PHASE.propose });
    expect(await stakeOf(player(), sharing.cohort[3]!)).to.equal(99n * ETHER);
    await proposeRight(player());
    await expect(proposeFrom(player(), 1, keccakWords(5))).to.be.revertedWithCustomError(job, "WrongPhase");
    const judging = await viewOf(player());
    const scores = judging.seats.map((_, seat) => scoreOpeningOf(judging, seat));
    await attestAll(player(), [0, 1, 2], scores.slice(0, 3));
    await waitLong(player());
    await advance(player());
    await job.attest([attestationOf(player(), judging, 3)], [scoreCommitOf(player(), judging, scores[3]!)]);
    expect(await viewOf(player())).to.include({ attestedMask: 0b0111n, scoreCommittedMask: 0b0111n });
    await job.openScores(scores.slice(0, 2));
    await waitLong(player());
    await advance(player());
    await job.openScores(scores);
    expect(await viewOf(player())).to.include({ phase: PHASE.draw, round: 2n, scoreOpenedMask: 0n });
  });

  it("count while nobody has closed the phase: the deadline is when others may go on, not a trap", async () => {
    const { job } = player();
    await draw(player());
    const view = await viewOf(player());
    await commitEach(player(), [0, 1, 2, 3]);
    await waitLong(player());
    await expect(job.commitBatch([signedCommitOf(player(), view, 4)]))
      .to.emit(job, "PhaseEntered")
      .withArgs(1, PHASE.share);
    expect((await viewOf(player())).committedMask).to.equal(0b11111n);
  });
});

describe("threat: a caller who chooses the block of the draw", () => {
  const player = playingFrom(() => startedJob(6, { committeeSize: 4, cohortSize: 5 }));

  it("draws the same cohort in whatever block and with whatever randomness of the chain it calls", async () => {
    const { world } = player();
    const seen = new Set<string>();
    for (const [blocks, randao] of [
      [1, 0n],
      [2, 7n],
      [100, 0n],
      [255, 2n ** 255n],
    ] as const) {
      const snapshot = await world.helpers.takeSnapshot();
      await world.helpers.mine(blocks);
      await world.helpers.setPrevRandao(randao);
      await advance(player());
      const { seed, cohort, seats } = await viewOf(player());
      seen.add([seed, ...cohort, ...seats].join());
      await snapshot.restore();
    }
    expect(seen.size).to.equal(1);
  });
});
