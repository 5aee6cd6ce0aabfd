import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import {
  attestationOf,
  bitmapOf,
  openingOf,
  proposalOf,
  scoreCommitOf,
  scoreOpeningOf,
  signedCommitOf,
} from "./messages.ts";
import { earnedBy, everyone, PHASE, phaseOf, playerOf, stakeOf, viewOf, type Player, type View } from "./player.ts";
import { advance, attestAll, commitAll, draw, playRound, playToPropose, proposeRight, shareAll } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { signedRoot, statementOf } from "./trial.ts";
import { as, consentOf, createJob, ETHER, joinAll, makeParticipant, read } from "./world.ts";

describe("threat: a stolen operator key in a job", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6, { committeeSize: 4, rounds: 4 });
    await playRound(started);
    return started;
  });

  it("earns its thief nothing and can lose what is locked in that job, and nothing in another", async () => {
    const { world, job, members } = player();
    const other = await createJob(world, { startMembers: 6 });
    await joinAll(other, members);
    await playToPropose(player());
    const view = await viewOf(player());
    const victim = Number(view.seats[0]);
    const { operator, walletAddress, wallet } = members[victim]!;
    const [one, two] = [1, 2].map((root) => signedRoot(player(), view, 0, keccakWords(root)));
    await as(world.court, operator).proveEquivocation(job, statementOf(view, 0), one, two);
    expect(await stakeOf(player(), victim)).to.equal(0n);
    expect(await read(world.treasury, "stakeOf", other, walletAddress)).to.equal(100n * ETHER);
    // The reward of its own proof, too, is the wallet's; and so is all that was earned before.
    expect(await read(world.treasury, "creditOf", world.token, operator)).to.equal(0n);
    const earned = await earnedBy(player(), victim);
    await expect(as(job, operator).claim(victim)).to.changeTokenBalance(world.ethers, world.token, wallet, earned);
    await expect(as(job, operator).leaveJob()).to.be.revertedWithCustomError(job, "NotAMember");
    await expect(as(world.treasury, operator).withdraw(other)).to.be.revertedWithCustomError(
      world.treasury,
      "NothingToWithdraw",
    );
  });

  it("signs nothing more from the draw after the wallet has replaced it", async () => {
    const { world, job, members } = player();
    const victim = members[1]!;
    const fresh = await makeParticipant(world, 70);
    await as(world.registry, victim.wallet).rotate(
      fresh.address,
      await consentOf(world, { ...fresh, walletAddress: victim.walletAddress }, 1n),
    );
    await job.refreshOperator(1); // in Draw: of the round to come
    await draw(player());
    const view = await viewOf(player());
    const position = view.cohort.indexOf(1n);
    await job.commitBatch([signedCommitOf(player(), view, position)]);
    expect((await viewOf(player())).committedMask).to.equal(0n);
    await expect(as(job, victim.operator).commit(position, keccakWords(1))).to.be.revertedWithCustomError(
      job,
      "NotInCohort",
    );
    await as(job, fresh.operator).commit(position, keccakWords(1));
    expect(await stakeOf(player(), 1)).to.equal(100n * ETHER);
  });
});

/** Posts everything that `signer` may sign in `view`. Openings are not signed; elsewhere they are of other salts. */
async function postAll(poster: Player, signer: Player, view: View, elsewhere = true): Promise<void> {
  const { job } = poster;
  const resalted = <T extends { readonly salt: Hex }>(opening: T): T =>
    elsewhere ? { ...opening, salt: keccakWords(opening.salt) } : opening;
  const seats = [...view.seats.keys()];
  await job.commitBatch([...view.cohort.keys()].map((position) => signedCommitOf(signer, view, position)));
  await job.share(
    [...view.cohort.keys()].map((position) => resalted(openingOf(signer, view, position))),
    seats.map((seat) => bitmapOf(signer, view, seat, everyone(view))),
  );
  await job.attest(
    seats.map((seat) => attestationOf(signer, view, seat)),
    seats.map((seat) => scoreCommitOf(signer, view, scoreOpeningOf(view, seat))),
  );
  await job.openScores(seats.map((seat) => resalted(scoreOpeningOf(view, seat))));
}

/** What a posting can change. */
async function marksOf(player: Player): Promise<unknown[]> {
  const view = await viewOf(player);
  const { phase, round, committedMask, openedMask, attestedMask, scoreCommittedMask, scoreOpenedMask, bitmaps } = view;
  return [phase, round, committedMask, openedMask, attestedMask, scoreCommittedMask, scoreOpenedMask, ...bitmaps];
}

/** In each phase of a round, what `replayed` posts changes nothing. */
async function expectNoEffect(player: Player, replayed: (view: View) => Promise<void>): Promise<void> {
  const steps: readonly (() => Promise<unknown>)[] = [
    () => draw(player),
    () => commitAll(player),
    () => shareAll(player),
    () => proposeRight(player),
    () => attestAll(player),
  ];
  for (const step of steps) {
    await step();
    const before = await marksOf(player);
    await replayed(await viewOf(player));
    expect(await marksOf(player), `phase ${await phaseOf(player)}`).to.deep.equal(before);
  }
}

describe("threat: messages replayed", () => {
  const player = playingFrom(() => startedJob(5, { committeeSize: 5, rounds: 3, vectorLength: 5 }));

  it("of an earlier round move nothing: round and seed are in each of them", async () => {
    const views: View[] = [];
    for (const step of [draw, commitAll, shareAll, proposeRight, attestAll]) {
      await step(player());
      views.push(await viewOf(player()));
    }
    await player().job.openScores([0, 1, 2, 3, 4].map((seat) => scoreOpeningOf(views[4]!, seat)));
    expect((await viewOf(player())).round).to.equal(2n);
    const last = views[4]!;
    await expectNoEffect(player(), async () => postAll(player(), player(), last, false));
    await expect(
      player().job.propose(last.aggregateRoot, proposalOf(player(), last, 0, last.aggregateRoot)),
    ).to.be.revertedWithCustomError(player().job, "WrongPhase");
  });

  it("of another job with the same members move nothing: the job is in each of them", async () => {
    const { world, members } = player();
    const other = await createJob(world, { startMembers: 5, committeeSize: 5, vectorLength: 5 });
    await joinAll(other, members);
    const twin = await playerOf(world, other, members);
    await advance(twin);
    // Signed for this job's very view, but in the other job.
    await expectNoEffect(player(), async (view) => postAll(player(), twin, view));
  });

  it("of another chain move nothing: the chain's id is in each of them", async () => {
    const { domain } = player();
    const fork = { ...player(), domain: { ...domain, chainId: domain.chainId + 1 } };
    await expectNoEffect(player(), async (view) => postAll(player(), fork, view));
    expect(await phaseOf(player())).to.equal(PHASE.score);
  });
});
