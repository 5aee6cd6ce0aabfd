import { expect } from "chai";
import { it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../../node/core/bytes.ts";
import { ALL, MARGIN, refusalOf, type Open } from "./game.ts";

/** Openings, bitmaps, and the aggregators' slots. */
export function describeSharing(open: Open): void {
  it("takes openings and bitmaps add-only: duplicates and invalid ones are skipped", async () => {
    const game = await open();
    await game.draw();
    await game.commit([0, 1, 2]);
    await game.job.passTime(game.job.terms.commitSeconds);
    await game.chain().advance();
    const { player } = game;
    const good = player.opening(0);
    const bitmap = player.bitmap(1, 0b0011n);
    await game.chain().share(
      [
        { ...player.opening(1), salt: keccakWords(5) }, // not what was committed
        { ...player.opening(2), exampleCount: 0 },
        player.opening(3), // never committed
        { ...good, position: 9 },
        good,
        good,
      ],
      [
        bitmap,
        { ...bitmap, seat: 2 }, // signed by another seat
        { ...bitmap, bits: 0b1111n }, // not what was signed
        { ...bitmap, seat: 7 },
        player.bitmap(1, 0b1110n), // a second one of the same seat is OR-ed; position 3 has not committed
      ],
    );
    const view = await game.view();
    const own = 1n << BigInt(view.seats[1]!);
    expect(view.openedMask).to.equal(1n);
    expect(view.bitmaps).to.deep.equal([0n, 0b0111n & ~own, 0n, 0n]);
    await game.chain().attest([], []);
    await game.chain().openScores([]);
    expect((await game.view()).phase).to.equal("share");
  });

  it("counts a root once, for the first to commit it", async () => {
    const game = await open();
    await game.draw();
    const { player } = game;
    const copied = { ...player.opening(3), position: 1 };
    const commitment = player.commitmentOf(copied);
    await game.commit([3]);
    await game.chain(1).commit(1, commitment);
    await game.commitBatch([0, 2]);
    await game.chain().share(
      [copied, ...[0, 2, 3].map((position) => player.opening(position))],
      player.view.seats.map((_, seat) => player.bitmap(seat)),
    );
    expect(await game.view()).to.deep.include({ phase: "propose", openedMask: ALL, includedMask: 0b1101n });
  });

  it("slashes a withheld opening, and goes on without it", async () => {
    const game = await open();
    await game.draw();
    await game.commitBatch();
    await game.share([0, 2, 3]);
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.job.passTime(game.job.terms.shareSeconds);
    await game.chain().advance();
    const view = await game.view();
    expect(view).to.deep.include({ phase: "propose", openedMask: 0b1101n, includedMask: 0b1101n });
    expect([view.updateRoots[1], view.exampleCounts[1]]).to.deep.equal([ZERO_WORD, 0]);
    const { slashes } = await game.chain().history(1);
    expect(slashes).to.deep.equal([{ round: 1, memberId: 1, prover: undefined, taken: game.job.terms.missSlash }]);
    expect(await game.job.readStake(game.players[1]!.wallet)).to.equal(900n);
    expect(await game.job.readPool()).to.equal(game.job.pool + 100n);
  });

  it("keeps slots: nobody before the turn, nobody after it is gone, nothing that the seat has not signed", async () => {
    const game = await open();
    const fixed = await game.toPropose();
    const { player } = game;
    const root = game.rightRoot();
    const [chain, outsider] = [game.chain(), game.job.outsider.chain];
    expect(await refusalOf(chain.propose(root, player.signedRoot(fixed, 1, root)))).to.equal("SlotNotOpen");
    expect(await refusalOf(chain.propose(ZERO_WORD, player.signedRoot(fixed, 0, ZERO_WORD)))).to.equal("EmptyRoot");
    const forged = { ...player.signedRoot(fixed, 1, root, 0), seat: 0 };
    expect(await refusalOf(chain.propose(root, forged))).to.equal("NotASeat");
    await game.job.passTime(game.job.terms.slotSeconds);
    await outsider.propose(root, player.signedRoot(fixed, 1, root)); // anybody who has it
    expect(await game.view()).to.deep.include({ phase: "challenge", slot: 1, aggregateRoot: root, attestedMask: 2n });
    expect(await refusalOf(chain.propose(root, player.signedRoot(fixed, 0, root)))).to.equal("WrongPhase");
    const { slashes } = await game.chain().history(1);
    expect(slashes).to.deep.equal([{ round: 1, memberId: fixed.seats[0], prover: undefined, taken: 100n }]);
  });

  it("skips the round when every slot has passed, and slashes those who had one", async () => {
    const game = await open();
    await game.toPropose();
    await game.job.passTime(4 * game.job.terms.slotSeconds - MARGIN);
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.job.passTime(MARGIN);
    await game.chain().advance();
    expect(await game.view()).to.deep.include({ phase: "draw", round: 2 });
    expect((await game.chain().history(1)).slashes.length).to.equal(4);
  });
}
