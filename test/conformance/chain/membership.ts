import { expect } from "chai";
import { it } from "mocha";
import { keccakWords } from "../../../node/core/bytes.ts";
import { RoundPlayer } from "../../helpers/roundPlayer.ts";
import { everybody, refusalOf, type Game, type Open } from "./game.ts";

/** Suspension, rotation, joining and leaving. */
export function describeMembership(open: Open): void {
  /** A round in which the member at position 1 withholds its opening, to the end. */
  const withholdOpening = async (game: Game): Promise<void> => {
    await game.draw();
    await game.commitBatch();
    await game.share([0, 2, 3]);
    await game.job.passTime(game.job.terms.shareSeconds);
    await game.chain().advance();
    await game.settle();
  };

  it("suspends who missed a duty for the draws of the terms, and takes it back when somebody asks for it", async () => {
    const game = await open({ suspendDraws: 1, rounds: 6 });
    await withholdOpening(game);
    expect(await game.member(1)).to.deep.include({ suspendedUntil: 3, weight: 1 });
    const second = await game.draw();
    // Its snapshot was before: it trains, but does not judge.
    expect(second.cohort).to.deep.equal(everybody);
    expect(second.liveSeats).to.equal(0b1111n & ~(1n << BigInt(second.seats.indexOf(1))));
    expect(await refusalOf(game.chain().resume(1))).to.equal("StillSuspended");
    expect(await refusalOf(game.chain().resume(0))).to.equal("NotSuspended");
    expect(await refusalOf(game.chain().resume(4))).to.equal("NoSuchMember");
    await game.skip();

    const third = await game.draw();
    expect(third.cohort).to.deep.equal([0, 2, 3]);
    await game.job.outsider.chain.resume(1);
    expect(await game.member(1)).to.deep.include({ suspendedUntil: 0, weight: 0 });
    await game.skip();
    expect((await game.draw()).cohort).to.deep.equal(everybody);
  });

  it("brings a suspended member back early where too few others are left", async () => {
    const game = await open({ suspendDraws: 9, rounds: 6 });
    await withholdOpening(game);
    await game.draw();
    await game.job.leave(game.players[3]!.wallet);
    expect(await refusalOf(game.chain().resume(1))).to.equal("StillSuspended");
    await game.skip();
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    await game.chain().resume(1);
    await game.chain().advance(); // lets it in
    expect((await game.draw()).cohort).to.deep.equal([0, 1, 2]);
  });

  it("ejects who has less stake left than a miss costs", async () => {
    const game = await open({ missSlash: 250n, faultSlash: 1000n, stake: 1000n, rounds: 9 });
    for (let missed = 0; missed < 4; missed++) await withholdOpening(game);
    expect(await game.member(1)).to.deep.include({ ejected: false });
    await withholdOpening(game);
    expect(await game.member(1)).to.deep.include({ ejected: true, weight: 1 });
    const { slashes } = await game.chain().history(4);
    expect(slashes.map(({ taken }) => taken)).to.deep.equal([250n, 0n]);
    await game.draw();
    await game.skip();
    expect((await game.draw()).cohort).to.deep.equal([0, 2, 3]);
  });

  it("lets a wallet rotate its operator: the old one signs to the end of the round, the new one from the next draw", async () => {
    const game = await open();
    const [old] = game.players;
    const first = await game.draw();
    const renewed = await game.job.rotate(old!.wallet);
    expect(await refusalOf(old!.chain.setContact("/ip4/192.0.2.1/tcp/1"))).to.equal("NotAnOperator");
    await renewed.chain.setContact("/ip4/192.0.2.2/tcp/2");
    expect([...(await game.chain(1).contacts([old!.operator, renewed.operator]))]).to.deep.equal([
      [renewed.operator, "/ip4/192.0.2.2/tcp/2"],
    ]);
    await game.job.outsider.chain.refreshOperator(0);
    expect(await refusalOf(game.chain().refreshOperator(0))).to.equal("OperatorUnchanged");
    expect(await game.member(0)).to.deep.include({ operator: old!.operator });
    expect(await refusalOf(renewed.chain.commit(0, keccakWords(1)))).to.equal("NotInCohort");
    await game.commit([0]);
    const isOperator = (account: typeof old): Promise<boolean> => game.chain(1).isOperator(account!.operator);
    expect(await Promise.all([isOperator(old), isOperator(renewed)])).to.deep.equal([true, true]);
    await game.skip();

    expect((await game.member(0)).operator).to.equal(renewed.operator);
    expect(await Promise.all([isOperator(old), isOperator(renewed)])).to.deep.equal([false, true]);
    const second = await game.draw();
    expect(second.round).to.equal(first.round + 1);
    expect(await refusalOf(old!.chain.commit(0, keccakWords(1)))).to.equal("NotInCohort");
    game.players = [renewed, ...game.players.slice(1)];
    game.player = new RoundPlayer(game.players, second);
    await game.commitBatch();
    await game.share();
    await game.settle();
    expect((await game.chain().history(2)).rounds[0]?.settled?.includedMask).to.equal(0b1111n);
  });

  it("takes a rotation between rounds for the next draw", async () => {
    const game = await open();
    const renewed = await game.job.rotate(game.players[2]!.wallet);
    await game.chain().refreshOperator(2);
    expect((await game.member(2)).operator).to.equal(renewed.operator);
  });

  it("lets members join later, with the least stake or more, once", async () => {
    const game = await open();
    const { outsider } = game.job;
    await game.draw();
    expect(await refusalOf(game.job.join(game.players[0]!.wallet))).to.equal("AlreadyMember");
    await game.job.join(outsider.wallet);
    expect(await game.member(4)).to.deep.include({ operator: outsider.operator, weight: 0, active: true });
    await game.skip();
    expect((await game.draw()).cohort).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("bonds a leaver's stake until its last round is over and its time has come", async () => {
    const game = await open();
    const { wallet } = game.players[1]!;
    await game.draw();
    expect(await refusalOf(game.job.withdraw(wallet))).to.equal("StillBonded");
    await game.job.leave(wallet);
    expect(await refusalOf(game.job.leave(wallet))).to.equal("AlreadyLeft");
    expect(await refusalOf(game.job.addStake(wallet, 1n))).to.equal("AlreadyLeft");
    expect(await refusalOf(game.job.unbond(1))).to.equal("StillMember");
    await game.commitBatch(); // it is in no draw from here on, but in this round
    expect(await refusalOf(game.job.unbond(1))).to.equal("StillDrawn");
    await game.share();
    await game.settle();
    await game.job.passTime(game.job.terms.unbondSeconds);
    expect(await refusalOf(game.job.withdraw(wallet))).to.equal("StillBonded"); // nobody has started it
    await game.job.unbond(1);
    expect(await refusalOf(game.job.withdraw(wallet))).to.equal("StillBonded");
    await game.job.passTime(game.job.terms.unbondSeconds);
    const held = await game.job.readHeld(wallet);
    await game.job.withdraw(wallet);
    expect(await game.job.readHeld(wallet)).to.equal(held + 1000n);
    expect(await refusalOf(game.job.withdraw(wallet))).to.equal("NothingToWithdraw");
  });
}
