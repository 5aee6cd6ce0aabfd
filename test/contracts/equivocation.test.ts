import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { bitOf, fullMask } from "../../node/core/roundView.ts";
import { compactOf } from "./messages.ts";
import { holderOf, memberView, PHASE, playerOf, poolOf, stakeOf, viewOf, type View } from "./player.ts";
import { advance, playFromChallenge, playToChallenge, playToPropose, proposeRight } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { signedRoot, statementOf } from "./trial.ts";
import {
  as,
  consentOf,
  createJob,
  deployWorld,
  ETHER,
  joinAll,
  makeParticipant,
  makeParticipants,
  read,
} from "./world.ts";

const [A, B] = [keccakWords(1), keccakWords(2)];

describe("two roots that one seat signed for one slot", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4 });
    await playToPropose(started);
    return started;
  });
  const rootsOf = (view: View, seat: number): ReturnType<typeof signedRoot>[] =>
    [A, B].map((root) => signedRoot(player(), view, seat, root));

  it("cost all of its stake and eject it, wherever the round stands; the prover gets its reward", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const [first, second] = rootsOf(view, 2);
    const before = await poolOf(player());
    await expect(world.court.proveEquivocation(job, statementOf(view, 2), first, second))
      .to.emit(job, "MemberFaulted")
      .withArgs(1, view.seats[2], world.sponsor, 100n * ETHER);
    expect(await stakeOf(player(), view.seats[2]!)).to.equal(0n);
    expect(await poolOf(player())).to.equal(before + 80n * ETHER);
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.equal(20n * ETHER);
    expect((await memberView(player(), view.seats[2]!)).ejected).to.equal(true);
    expect((await viewOf(player())).liveSeats).to.equal(fullMask(4) & ~bitOf(2));
    await proposeRight(player());
    await playFromChallenge(player()); // three live seats go on
    expect((await viewOf(player())).round).to.equal(2n);
  });

  it("may be of another seat's slot, and of a round that is long over", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    await proposeRight(player());
    await playFromChallenge(player());
    await playToChallenge(player());
    const statement = statementOf(view, 3); // seat 1 attested two roots for slot 3
    const messages = [A, B].map((aggregateRoot) => {
      const as3 = { ...view, seats: view.seats.with(3, view.seats[1]!) };
      return signedRoot(player(), as3, 3, aggregateRoot);
    });
    await world.court.proveEquivocation(job, statement, messages[0], messages[1]);
    expect(await stakeOf(player(), view.seats[1]!)).to.equal(0n);
  });

  it("are no equivocation where the slot, the round, the seed or the include set differs", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const [first] = rootsOf(view, 2);
    const statement = statementOf(view, 2);
    const others: readonly View[] = [
      { ...view, round: 2n },
      { ...view, seed: A },
      { ...view, includeHash: A },
    ];
    for (const other of others) {
      const second = signedRoot(player(), other, 2, B);
      // The second signature recovers to a stranger under the first one's statement.
      await expect(world.court.proveEquivocation(job, statement, first, second)).to.be.revertedWithCustomError(
        world.court,
        "DifferentSigners",
      );
    }
    expect(await stakeOf(player(), view.seats[2]!)).to.equal(100n * ETHER);
  });

  it("must be two roots, of one signer, who is a member with that operator", async () => {
    const { world, job } = player();
    const { court } = world;
    const view = await viewOf(player());
    const [first, second] = rootsOf(view, 2);
    const statement = statementOf(view, 2);
    await expect(court.proveEquivocation(job, statement, first, first))
      .to.be.revertedWithCustomError(court, "SameRoot")
      .withArgs(A);
    const asOther = { ...view, seats: view.seats.with(2, view.seats[1]!) };
    await expect(court.proveEquivocation(job, statement, first, signedRoot(player(), asOther, 2, B)))
      .to.be.revertedWithCustomError(court, "DifferentSigners")
      .withArgs(holderOf(player(), view, 2).operator, holderOf(player(), view, 1).operator);
    const none = { ...compactOf(`0x${"00".repeat(64)}1b`) };
    await expect(
      court.proveEquivocation(job, statement, { aggregateRoot: A, ...none }, { aggregateRoot: B, ...none }),
    ).to.be.revertedWithCustomError(court, "BadSignature");
    const stranger = { ...player(), members: [await makeParticipant(world, 70)] };
    const signed = [A, B].map((root) => signedRoot(stranger, { ...view, seats: [0n, 0n, 0n] }, 2, root));
    await expect(court.proveEquivocation(job, statement, signed[0], signed[1]))
      .to.be.revertedWithCustomError(court, "SignerIsNoMember")
      .withArgs(stranger.members[0]!.operator);
    await court.proveEquivocation(job, statement, first, second);
  });

  it("take nothing twice", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const [first, second] = rootsOf(view, 2);
    await world.court.proveEquivocation(job, statementOf(view, 2), first, second);
    await expect(world.court.proveEquivocation(job, statementOf(view, 2), second, first))
      .to.emit(job, "MemberFaulted")
      .withArgs(1, view.seats[2], world.sponsor, 0n);
    expect(await read(world.treasury, "creditOf", world.token, world.sponsor)).to.equal(20n * ETHER);
  });

  it("cost nothing once the key was rotated away: who stole it cannot burn the wallet's stake", async () => {
    const { world, job } = player();
    const view = await viewOf(player());
    const victim = holderOf(player(), view, 2);
    const fresh = await makeParticipant(world, 71);
    const consent = await consentOf(world, { ...fresh, walletAddress: victim.walletAddress }, 1n);
    await as(world.registry, victim.wallet).rotate(fresh.address, consent);
    await job.refreshOperator(view.seats[2]!);
    await world.helpers.mine(10, { interval: 1_000 });
    await job.advance(); // nobody proposes: the next round begins, and with it the new key
    expect((await viewOf(player())).phase).to.equal(PHASE.draw);
    const [first, second] = rootsOf(view, 2);
    await expect(world.court.proveEquivocation(job, statementOf(view, 2), first, second)).to.be.revertedWithCustomError(
      world.court,
      "SignerIsNoMember",
    );
    expect(await stakeOf(player(), view.seats[2]!)).to.equal(99n * ETHER); // the slot that it missed
  });
});

describe("two roots signed before a job has started", () => {
  it("keep their signer out of the first draw", async () => {
    const world = await deployWorld();
    const people = await makeParticipants(world, 5);
    const job = await createJob(world, { startMembers: 5 });
    await joinAll(job, people);
    const player = await playerOf(world, job, people);
    const view = { ...(await viewOf(player)), seats: [2n] };
    const [first, second] = [A, B].map((root) => signedRoot(player, view, 0, root));
    await world.court.proveEquivocation(job, statementOf(view, 0), first, second);
    await world.helpers.time.increase(1_000);
    await advance(player);
    await advance(player);
    const { cohort, seats } = await viewOf(player);
    expect(cohort).to.deep.equal([0n, 1n, 3n, 4n]);
    expect([...seats].sort()).to.deep.equal([0n, 1n, 3n, 4n]);
  });
});
