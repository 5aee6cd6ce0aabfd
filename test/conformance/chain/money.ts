import { expect } from "chai";
import { it } from "mocha";
import type { JobLedger } from "../../../node/chain/ledger.ts";
import type { Address } from "../../../node/core/bytes.ts";
import { bitsOf } from "../../../node/core/roundView.ts";
import { proofOf, rootOfAggregate } from "../../helpers/roundPlayer.ts";
import { ALL, everybody, refusalOf, type Game, type Open } from "./game.ts";

/** Claims and ledgers, to the wei. */
export function describeMoney(open: Open): void {
  const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((total, amount) => total + amount, 0n);

  /** What members have earned, by wallet, from the outcomes. */
  const earnedIn = async (game: Game): Promise<Map<Address, bigint>> => {
    const earned = new Map<Address, bigint>();
    const add = (id: number, amount: bigint): void => {
      const { wallet } = game.players[id]!;
      earned.set(wallet, (earned.get(wallet) ?? 0n) + amount);
    };
    for (const { settled } of (await game.chain().history(1)).rounds) {
      if (settled === undefined) continue;
      bitsOf(settled.includedMask).forEach((position, k) =>
        add(settled.cohort[position]!, settled.contributorsPay[k]!),
      );
      settled.judgesPay.forEach((amount, seat) => add(settled.seats[seat]!, amount));
    }
    return earned;
  };

  /** The ledger's own sums: nothing is made and nothing is lost. */
  const expectSound = async (game: Game, ledger: JobLedger, ended: boolean): Promise<void> => {
    const { claimed, credited, forfeited, pool, refunded, burned, slashedIntoPool } = ledger;
    expect(pool).to.equal(game.job.pool);
    const paid = sum(credited.values());
    if (ended) expect(pool + slashedIntoPool).to.equal(paid + refunded + burned);
    const { members } = await game.chain().snapshot();
    const owed = sum(members.map(({ credit }) => credit));
    const kept = paid - sum((await earnedIn(game)).values());
    const out = kept + sum(claimed.values()) + sum(forfeited.values()) + refunded + burned;
    expect(await game.job.readPool()).to.equal(pool + slashedIntoPool - out);
    if (ended) expect(await game.job.readPool()).to.equal(owed);
  };

  it("ends after the last round, gives the sponsor what is left, and keeps what it owes until it is claimed", async () => {
    const game = await open({ rounds: 2 });
    await game.toPropose();
    await game.settle();
    await game.toPropose();
    await game.settle();
    expect(await game.view()).to.deep.include({ phase: "finished", round: 2 });
    expect(await refusalOf(game.chain().advance())).to.equal("WrongPhase");
    const { rounds } = await game.chain().history(1);
    expect(rounds.map(({ round, settled }) => [round, settled?.cohort])).to.deep.equal([
      [1, everybody],
      [2, everybody],
    ]);
    const { job, players } = game;
    const paid = sum(rounds.map(({ settled }) => settled!.paid));
    expect(await job.readCredit(job.sponsor)).to.equal(job.pool - paid);
    const before = await job.readLedger();
    expect(before).to.deep.include({ refunded: job.pool - paid, burned: 0n, slashedIntoPool: 0n });
    await expectSound(game, before, true);

    const earned = await earnedIn(game);
    for (const [id, { wallet }] of players.entries()) {
      const held = await job.readHeld(wallet);
      await job.claimPay(id);
      expect(await job.readHeld(wallet)).to.equal(held + earned.get(wallet)!);
    }
    expect(await refusalOf(job.claimPay(0))).to.equal("NoCredit");
    expect(await refusalOf(job.claimPay(4))).to.equal("NoSuchMember");
    expect(await job.readPool()).to.equal(0n);
    const after = await job.readLedger();
    expect(after.claimed).to.deep.equal(earned);
    await expectSound(game, after, true);
  });

  it("pays members and keepers where their wallets want it", async () => {
    const game = await open();
    const [{ wallet }] = game.players as [(typeof game.players)[number]];
    await game.toPropose();
    await game.settle();
    const { job } = game;
    const payout: Address = `0x${"9a".repeat(20)}`;
    await job.setPayout(wallet, payout);
    const [earned, kept] = [(await game.member(0)).credit, await job.readCredit(game.players[1]!.wallet)];
    const [paid, held] = [await job.readHeld(payout), await job.readHeld(wallet)];
    await job.claimPay(0);
    expect(await job.readHeld(payout)).to.equal(paid + earned);
    expect(await job.readHeld(wallet)).to.equal(held);
    expect((await game.member(0)).credit).to.equal(0n);
    await job.setPayout(game.players[1]!.wallet, payout);
    await job.claimCredit(game.players[1]!.wallet);
    expect(await job.readHeld(payout)).to.equal(paid + earned + kept);
    expect(await refusalOf(job.claimCredit(game.players[1]!.wallet))).to.equal("NothingToClaim");
  });

  it("accounts for slashes, rewards, skipped rounds and burned stake", async () => {
    const game = await open({ rounds: 2 });
    const fixed = await game.toPropose();
    const lie = game.player.aggregate(ALL);
    lie[7]! += 3;
    await game.propose(rootOfAggregate(lie));
    const prover = game.job.outsider;
    await prover.chain.proveWrongLeaf(proofOf(game.player, await game.view(), lie, 7));
    await game.propose(game.rightRoot(), 1);
    await game.attest([1, 2, 3]);
    await game.openScores();
    const poster = game.players[fixed.seats[0]!]!.wallet;
    const settled = await game.job.readLedger();
    expect(settled.rewards).to.deep.equal(new Map([[prover.wallet, 250n]]));
    expect(settled.slashed).to.deep.equal(new Map([[poster, 600n]]));
    expect(settled.slashedIntoPool).to.equal(350n);
    const paid = (await game.chain().history(1)).rounds[0]?.settled?.paid ?? 0n;
    const pay = (game.job.pool + 350n) / 2n;
    expect(paid > pay - 5n && paid <= pay).to.equal(true); // of the keepers' fifths, less than one is left
    await expectSound(game, settled, false);

    await game.draw();
    await game.skip();
    expect((await game.view()).phase).to.equal("finished");
    const ended = await game.job.readLedger();
    expect(ended.burned).to.equal(350n); // a slash never comes back to a sponsor
    expect(await game.job.readCredit(game.job.sponsor)).to.equal(ended.refunded);
    await expectSound(game, ended, true);
  });

  it("burns the unclaimed pay of who is proven faulty where there is no stake", async () => {
    const game = await open({ stake: 0n, faultSlash: 0n, missSlash: 0n, proofReward: 0n });
    await game.toPropose();
    await game.settle();
    const credits = (await game.chain().snapshot()).members.map(({ credit }) => credit);
    await game.toPropose();
    const lie = game.player.aggregate(ALL);
    lie[0]! += 1;
    const { seats } = await game.propose(rootOfAggregate(lie));
    await game.chain().proveWrongLeaf(proofOf(game.player, await game.view(), lie, 0));
    const poster = seats[0]!;
    expect(await game.member(poster)).to.deep.include({ credit: 0n, ejected: true });
    const ledger = await game.job.readLedger();
    expect(ledger.forfeited).to.deep.equal(new Map([[game.players[poster]!.wallet, credits[poster]]]));
    expect(ledger.slashed).to.deep.equal(new Map());
    await expectSound(game, ledger, false);
  });
}
