import { expect } from "chai";
import { it } from "mocha";
import { keccakWords } from "../../../node/core/bytes.ts";
import { MARGIN, refusalOf, type Open } from "./game.ts";

/** The window's three ends, and scores. */
export function describeChallenges(open: Open): void {
  it("takes attestations and scores add-only, each seat's first one", async () => {
    const game = await open();
    await game.toPropose();
    const view = await game.propose(game.rightRoot());
    const { player } = game;
    const attestation = player.attestation(view, 3);
    const commit = player.scoreCommit(view, 3);
    await game
      .chain()
      .attest(
        [
          { ...attestation, seat: 2 },
          { ...attestation, seat: 31 },
          attestation,
          attestation,
          player.attestation(view, 0),
          player.attestation(view, 1),
        ],
        [{ ...commit, seat: 2 }, { ...commit, commitment: keccakWords(3) }, commit, player.scoreCommit(view, 1)],
      );
    expect(await game.view()).to.deep.include({ attestedMask: 0b1011n, scoreCommittedMask: 0b1010n });
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.job.passTime(game.job.terms.demandSeconds);
    await game.chain().advance();
    const scoring = await game.view();
    const scores = player.scores(scoring, 1);
    await game.chain().openScores([
      { ...scores, salt: keccakWords(99) },
      { ...scores, seat: 3 },
      player.scores(scoring, 0), // never committed
      scores,
      scores,
    ]);
    expect(await game.view()).to.deep.include({ phase: "score", scoreOpenedMask: 0b0010n });
    await game.job.passTime(game.job.terms.scoreSeconds);
    await game.chain().advance();
    const { rounds, slashes } = await game.chain().history(1);
    expect(slashes).to.deep.equal([{ round: 1, memberId: view.seats[3]!, prover: undefined, taken: 100n }]);
    // One vector is too few to pay by, and nobody has a trailing score yet.
    expect(rounds[0]?.settled?.scores).to.deep.equal([1, 1, 1, 1]);
  });

  it("closes the window with a quorum only after the time that a demand would take", async () => {
    const game = await open();
    await game.toPropose();
    await game.propose(game.rightRoot());
    await game.attest([0, 1, 2]);
    await game.job.passTime(game.job.terms.demandSeconds - MARGIN);
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.job.passTime(MARGIN);
    await game.chain().advance();
    expect((await game.view()).phase).to.equal("score");
    await game.openScores();
    expect((await game.chain().history(1)).rounds[0]?.settled).to.deep.include({ faulty: false });
  });

  it("gives the turn to the next slot when the window runs out without a quorum, and slashes nobody for it", async () => {
    const game = await open();
    await game.toPropose();
    await game.propose(game.rightRoot());
    await game.attest([0, 3]);
    await game.job.passTime(game.job.terms.challengeSeconds - MARGIN);
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.job.passTime(MARGIN);
    await game.chain().advance();
    expect(await game.view()).to.deep.include({
      phase: "propose",
      firstSlot: 1,
      attestedMask: 0n,
      scoreCommittedMask: 0b1001n, // of the same include set, so they stand
    });
    expect((await game.chain().history(1)).slashes).to.deep.equal([]);
    expect(await refusalOf(game.propose(game.rightRoot()))).to.equal("SlotGone");
    await game.propose(game.rightRoot(), 1);
    await game.attest([0, 1, 2, 3]);
    expect((await game.view()).phase).to.equal("score");
  });
}
