import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import {
  advance,
  attestAll,
  commitAll,
  draw,
  openAllScores,
  PHASE,
  phaseOf,
  proposeFrom,
  proposeRight,
  shareAll,
  waitLong,
  type Player,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { read } from "./world.ts";

/** What everybody does before the phase in which everybody stops. */
const UNTIL: Readonly<Record<string, (player: Player) => Promise<unknown>>> = {
  draw: () => Promise.resolve(),
  commit: draw,
  share: async (player) => {
    await draw(player);
    await commitAll(player);
    await advance(player);
  },
  propose: async (player) => {
    await UNTIL["share"]!(player);
    await shareAll(player);
    await advance(player);
  },
  "propose, after a wrong one": async (player) => {
    await UNTIL["propose"]!(player);
    await proposeFrom(player, 0, keccakWords(9));
  },
  challenge: async (player) => {
    await UNTIL["propose"]!(player);
    await proposeRight(player);
  },
  score: async (player) => {
    await UNTIL["challenge"]!(player);
    await attestAll(player);
    await advance(player);
  },
  "the end of score": async (player) => {
    await UNTIL["score"]!(player);
    await openAllScores(player);
  },
};

describe("a job whose people fall silent", () => {
  const player = playingFrom(() => startedJob(5, { rounds: 4, phaseBlocks: 3 }));

  for (const [phase, play] of Object.entries(UNTIL)) {
    it(`ends by advance() alone when nobody acts from ${phase} on`, async () => {
      await play(player());
      for (let steps = 0; (await phaseOf(player())) !== PHASE.finished; steps++) {
        expect(steps, "transitions").to.be.lessThan(16);
        await waitLong(player());
        await advance(player());
      }
      const { world, job } = player();
      expect(await read(world.treasury, "poolOf", job)).to.equal(0n);
      expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.be.greaterThan(0n);
    });
  }
});
