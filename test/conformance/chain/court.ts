import { expect } from "chai";
import { it } from "mocha";
import { ZERO_WORD } from "../../../node/core/bytes.ts";
import { includeHash } from "../../../node/core/encoding.ts";
import { bitsOf } from "../../../node/core/roundView.ts";
import { proofOf, rootOfAggregate } from "../../helpers/roundPlayer.ts";
import { ALL, everybody, refusalOf, type Game, type Open } from "./game.ts";

/** Proofs of fault. */
export function describeCourt(open: Open): void {
  const lieAt = (game: Game, coordinate: number): Int32Array => {
    const lie = game.player.aggregate(ALL);
    lie[coordinate]! += 1;
    return lie;
  };

  it("takes a proof of a wrong aggregate, slashes its poster and attesters, and goes on with the next slot", async () => {
    const game = await open();
    const fixed = await game.toPropose();
    const { player, job } = game;
    const coordinate = 297;
    const lie = lieAt(game, coordinate);
    await game.propose(rootOfAggregate(lie));
    await game.attest([0, 2]);
    const standing = await game.view();
    expect(standing.attestedMask).to.equal(0b101n);

    const prover = game.seatChain(1);
    const proof = proofOf(player, standing, lie, coordinate);
    const refusal = (change: Partial<typeof proof>): Promise<unknown> =>
      refusalOf(prover.proveWrongLeaf({ ...proof, ...change }));
    expect(await refusalOf(prover.proveWrongLeaf(proofOf(player, standing, lie, 3)))).to.equal("AggregateIsRight");
    expect(await refusal({ coordinate: 512 })).to.equal("CoordinateOutOfRange");
    expect(await refusal({ updates: proof.updates.slice(1) })).to.equal("WrongIncludeSet");
    expect(await refusal({ updateLeaves: [] })).to.equal("LengthMismatch");
    expect(await refusal({ aggregateLeaf: proof.updateLeaves[0]! })).to.equal("BadLeafSize");
    const [first, ...rest] = proof.updateLeaves;
    const changed = { ...first!, leaf: first!.leaf.map((byte) => byte ^ 1) };
    expect(await refusal({ updateLeaves: [changed, ...rest] })).to.equal("BadProof");
    await prover.proveWrongLeaf(proof);

    expect(await game.view()).to.deep.include({
      phase: "propose",
      firstSlot: 1,
      liveSeats: 0b1010n,
      attestedMask: 0n,
      aggregateRoot: ZERO_WORD,
      includeHash: fixed.includeHash,
      scoreCommittedMask: 0b101n,
    });
    const [poster, attester] = [fixed.seats[0]!, fixed.seats[2]!];
    const { slashes } = await game.chain().history(1);
    expect(slashes).to.deep.equal(
      [poster, attester].map((memberId) => ({ round: 1, memberId, prover: prover.operator, taken: 600n })),
    );
    const proverWallet = player.seat(1).wallet;
    expect(await job.readCredit(proverWallet)).to.equal(250n);
    expect(await job.readPool()).to.equal(job.pool + 350n + 600n);
    const { members } = await game.chain().snapshot();
    expect(everybody.filter((id) => members[id]!.ejected)).to.deep.equal([poster, attester].sort((a, b) => a - b));
    expect(await refusalOf(prover.proveWrongLeaf(proof))).to.equal("NoStandingProposal");
    expect(await refusalOf(game.propose(game.rightRoot(), 2))).to.equal("SlotNotOpen");

    // Two of four seats are no quorum: the round is over, and nobody pays for a slot that could not have helped.
    await game.chain().advance();
    expect(await game.view()).to.deep.include({ phase: "draw", round: 2 });
    expect((await game.chain().history(1)).slashes.length).to.equal(2);
    // Who was ejected takes part in no draw after the next snapshot.
    expect((await game.draw()).cohort).to.deep.equal(everybody);
    await game.skip();
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet"); // two are left
  });

  it("proves anything but zero in the padding beyond the vector, without a single update leaf", async () => {
    const game = await open();
    await game.toPropose();
    const padded = new Int32Array(384);
    padded.set(game.player.aggregate(ALL));
    padded[301] = -1;
    await game.propose(rootOfAggregate(padded));
    const proof = proofOf(game.player, await game.view(), padded, 301);
    await game.chain().proveWrongLeaf({ ...proof, updateLeaves: [] });
    expect((await game.view()).phase).to.equal("propose");
    await game.propose(game.rightRoot(), 1); // the dead seat's turn is not waited for
    await game.attest([1, 2, 3]);
    await game.openScores();
    const { rounds } = await game.chain().history(1);
    expect(rounds[0]?.settled).to.deep.include({ includedMask: ALL, aggregateRoot: game.rightRoot() });
  });

  for (const [rule, name] of [
    [1, "trimmed mean"],
    [2, "median"],
  ] as const) {
    it(`judges by the ${name} where that is the job's rule`, async () => {
      const game = await open({ rule, trimPermille: rule === 1 ? 250 : 0 });
      await game.toPropose();
      const right = game.player.aggregate(ALL);
      const lie = lieAt(game, 131);
      await game.propose(rootOfAggregate(lie));
      const standing = await game.view();
      const prover = game.chain();
      const refused = prover.proveWrongLeaf(proofOf(game.player, standing, lie, 132));
      expect(await refusalOf(refused)).to.equal("AggregateIsRight");
      await prover.proveWrongLeaf(proofOf(game.player, standing, lie, 131));
      await game.propose(rootOfAggregate(right), 1);
      expect(await game.view()).to.deep.include({ phase: "challenge", slot: 1 });
    });
  }

  it("slashes for a settled lie as well, once, and marks the round", async () => {
    const game = await open();
    await game.toPropose();
    const lie = lieAt(game, 5);
    const root = rootOfAggregate(lie);
    await game.propose(root);
    const standing = await game.view();
    await game.attest();
    await game.openScores();
    const chain = game.job.outsider.chain;
    const record = await chain.roundRecord(1);
    expect(record).to.deep.equal({
      seed: standing.seed,
      includeHash: includeHash(game.player.included(ALL)),
      aggregateRoot: root,
      poster: standing.seats[0],
      attesters: standing.seats,
    });
    expect(await chain.roundRecord(2)).to.equal(undefined);
    const credits = (await game.chain().snapshot()).members.map(({ credit }) => credit);

    const proof = proofOf(game.player, standing, lie, 5);
    await game.draw();
    const wrong = chain.proveSettledWrongLeaf(1, { ...record!, poster: standing.seats[1]! }, proof);
    expect(await refusalOf(wrong)).to.equal("WrongRecord");
    await chain.proveSettledWrongLeaf(1, record!, proof);
    expect(await chain.roundRecord(1)).to.equal(undefined);
    expect(await refusalOf(chain.proveSettledWrongLeaf(1, record!, proof))).to.equal("WrongRecord");
    const { rounds, slashes } = await game.chain().history(1);
    expect(rounds[0]?.settled?.faulty).to.equal(true);
    const slash = { round: 2, prover: chain.operator, taken: 600n };
    expect(slashes).to.deep.equal(standing.seats.map((memberId) => ({ ...slash, memberId })));
    expect(await game.job.readCredit(game.job.outsider.wallet)).to.equal(250n);
    // What was earned stays; all seats of the running round are dead.
    expect((await game.chain().snapshot()).members.map(({ credit }) => credit)).to.deep.equal(credits);
    expect((await game.view()).liveSeats).to.equal(0n);
  });

  it("takes everything from a seat that signs two roots for one slot, and goes on without it", async () => {
    const game = await open();
    const fixed = await game.toPropose();
    const { player } = game;
    const [right, other] = [game.rightRoot(), rootOfAggregate(lieAt(game, 0))];
    const standing = await game.propose(right, 0);
    const { round, seed, slot } = standing;
    const statement = { round, seed, slot, includeHash: standing.includeHash };
    const signed = (
      seat: number,
      aggregateRoot: typeof right,
    ): { aggregateRoot: typeof right; signature: typeof right } => ({
      aggregateRoot,
      signature: player.signedRoot(fixed, seat, aggregateRoot, 0).signature,
    });
    const prover = game.job.outsider.chain;
    const [mine, theirs] = [signed(2, right), signed(2, other)];
    const refusal = (a: typeof mine, b: typeof mine, about = statement): Promise<unknown> =>
      refusalOf(prover.proveEquivocation(about, a, b));
    expect(await refusal(mine, mine)).to.equal("SameRoot");
    expect(await refusal(mine, signed(3, other))).to.equal("DifferentSigners");
    const byStranger = (aggregateRoot: typeof right): typeof mine => {
      const body = { type: "Attestation", ...statement, aggregateRoot } as const;
      return { aggregateRoot, signature: player.sign(game.job.outsider, body) };
    };
    expect(await refusal(byStranger(right), byStranger(other))).to.equal("SignerIsNoMember");
    await prover.proveEquivocation(statement, mine, theirs);

    const liar = fixed.seats[2]!;
    expect(await game.view()).to.deep.include({ phase: "challenge", liveSeats: 0b1011n });
    expect(await game.member(liar)).to.deep.include({ ejected: true });
    const slash = { round: 1, memberId: liar, prover: prover.operator, taken: 1000n };
    expect((await game.chain().history(1)).slashes).to.deep.equal([slash]);
    expect(await game.job.readCredit(game.job.outsider.wallet)).to.equal(250n);
    expect(await game.job.readPool()).to.equal(game.job.pool + 750n);
    await game.attest([0, 1, 2, 3]);
    expect(await game.view()).to.deep.include({ phase: "score", attestedMask: 0b1011n });
    await game.openScores();
    expect((await game.chain().roundRecord(1))?.attesters).to.deep.equal(
      bitsOf(0b1011n).map((seat) => fixed.seats[seat]),
    );
    const { settled } = (await game.chain().history(1)).rounds[0]!;
    expect(settled!.judgesPay[2]).to.equal(0n);
  });
}
