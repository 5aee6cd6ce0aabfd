import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { openingOf, scoreOpeningOf } from "./messages.ts";
import { earnedBy, PHASE, phaseOf, poolOf, viewOf, waitLong, type Player } from "./player.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  commitAll,
  commitEach,
  draw,
  proposeFrom,
  proposeRight,
  shareAll,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { demand } from "./trial.ts";
import { read } from "./world.ts";

/** What everybody does before the phase in which everybody stops. */
const UNTIL: Readonly<Record<string, (player: Player) => Promise<unknown>>> = {
  draw: () => Promise.resolve(),
  commit: draw,
  "the end of commit": async (player) => {
    await draw(player);
    await commitEach(player, [0, 1, 2, 3, 4]);
  },
  share: async (player) => {
    await draw(player);
    await commitAll(player);
  },
  "share, with some openings": async (player) => {
    await UNTIL["share"]!(player);
    await player.job.share([openingOf(player, await viewOf(player), 2)], []);
  },
  propose: async (player) => {
    await UNTIL["share"]!(player);
    await shareAll(player);
  },
  "propose, after a wrong one": async (player) => {
    await UNTIL["propose"]!(player);
    await proposeFrom(player, 0, keccakWords(9));
  },
  challenge: async (player) => {
    await UNTIL["propose"]!(player);
    await proposeRight(player);
  },
  "challenge, with a quorum": async (player) => {
    await UNTIL["challenge"]!(player);
    await attestAll(player, [1, 2, 3], []);
  },
  "challenge, with a demand for the aggregate": async (player) => {
    await UNTIL["challenge"]!(player);
    const aggregate = aggregateTree(aggregateOf(player, await viewOf(player)));
    await demand(player, aggregate, [0, 2, 0]);
    await attestAll(player);
  },
  score: async (player) => {
    await UNTIL["challenge"]!(player);
    await attestAll(player);
  },
  "score, with some openings": async (player) => {
    await UNTIL["score"]!(player);
    await player.job.openScores([scoreOpeningOf(await viewOf(player), 1)]);
  },
};

describe("a job whose people fall silent", () => {
  const player = playingFrom(() => startedJob(5, { rounds: 4, phaseBlocks: 3 }));

  for (const [phase, play] of Object.entries(UNTIL)) {
    it(`ends by advance() alone when nobody acts from ${phase} on`, async () => {
      await play(player());
      for (let steps = 0; (await phaseOf(player())) !== PHASE.finished; steps++) {
        expect(steps, "transitions").to.be.lessThan(18);
        await waitLong(player());
        await advance(player());
      }
      const { world, members } = player();
      const owed = await Promise.all([...members.keys()].map((id) => earnedBy(player(), id)));
      expect(await poolOf(player())).to.equal(owed.reduce((sum, credit) => sum + credit));
      expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.be.greaterThan(0n);
    });
  }
});
