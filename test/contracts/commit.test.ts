import { expect } from "chai";
import { describe, it } from "mocha";
import { ZERO_WORD } from "../../node/core/bytes.ts";
import { PASS } from "../../node/core/encoding.ts";
import { fullMask } from "../../node/core/roundView.ts";
import { commitmentOf, signedCommitOf } from "./messages.ts";
import { memberOf, PHASE, phaseOf, poolOf, stakeOf, viewOf, waitLong, type View } from "./player.ts";
import { advance, commitAll, commitAt, commitEach, draw, shareAll } from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { as, ETHER, POOL, read } from "./world.ts";

/** Of secp256k1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("commits", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(6);
    await draw(started);
    return started;
  });

  describe("by the operator itself", () => {
    it("are taken at its own position, once", async () => {
      const { job } = player();
      const view = await viewOf(player());
      const [first, second] = [memberOf(player(), view.cohort[0]!), memberOf(player(), view.cohort[1]!)];
      const commitment = commitmentOf(player(), view, 0);
      await expect(as(job, second.operator).commit(0, commitment))
        .to.be.revertedWithCustomError(job, "NotInCohort")
        .withArgs(second.operator, 0);
      await expect(as(job, first.wallet).commit(0, commitment)).to.be.revertedWithCustomError(job, "NotInCohort");
      await expect(as(job, first.operator).commit(6, commitment)).to.be.revertedWithCustomError(job, "NotInCohort");
      await expect(as(job, first.operator).commit(0, ZERO_WORD)).to.be.revertedWithCustomError(job, "EmptyCommitment");
      await as(job, first.operator).commit(0, commitment);
      await expect(as(job, first.operator).commit(0, commitment))
        .to.be.revertedWithCustomError(job, "AlreadyCommitted")
        .withArgs(0);
      const after = await viewOf(player());
      expect(after.committedMask).to.equal(1n);
      expect(after.updateRoots).to.deep.equal([`${commitment.slice(0, 64)}00`, ...Array<string>(5).fill(ZERO_WORD)]);
    });

    it("leave the phase open though they are complete: anyone ends it by advance()", async () => {
      const { job } = player();
      await commitEach(player(), [3, 0, 5, 1, 4, 2]);
      expect(await phaseOf(player())).to.equal(PHASE.commit);
      await expect(advance(player())).to.emit(job, "PhaseEntered").withArgs(1, PHASE.share);
      await expect(commitAt(player(), await viewOf(player()), 0))
        .to.be.revertedWithCustomError(job, "WrongPhase")
        .withArgs(PHASE.share);
    });
  });

  describe("in a batch", () => {
    it("count by their signatures, whoever posts them, and end the phase when they are complete", async () => {
      const { job, world } = player();
      const view = await viewOf(player());
      const commits = [0, 1, 2, 3, 4, 5].map((position) => signedCommitOf(player(), view, position));
      const stranger = as(job, memberOf(player(), 0).wallet);
      await stranger.commitBatch(commits.slice(0, 5));
      expect(await viewOf(player())).to.include({ phase: PHASE.commit, committedMask: 0b11111n });
      await expect(as(job, world.sponsor).commitBatch([commits[5]]))
        .to.emit(job, "PhaseEntered")
        .withArgs(1, PHASE.share);
    });

    it("are skipped where somebody else signed them, or for another round, seed, job, chain or position", async () => {
      const { job, domain } = player();
      const view = await viewOf(player());
      const right = signedCommitOf(player(), view, 0);
      const elsewhere = { ...player(), domain: { ...domain, chainId: domain.chainId + 1 } };
      const otherJob = { ...player(), domain: { ...domain, job: memberOf(player(), 0).address } };
      await job.commitBatch([
        { ...right, position: 1 },
        { ...right, position: 6 },
        { ...right, position: 255 },
        { ...right, commitment: commitmentOf(player(), view, 1) },
        { ...right, r: ZERO_WORD },
        { ...right, vs: ZERO_WORD },
        signedCommitOf(player(), view, 0, ZERO_WORD),
        signedCommitOf(player(), { ...view, round: 2n }, 0, right.commitment),
        signedCommitOf(player(), { ...view, seed: ZERO_WORD }, 0, right.commitment),
        signedCommitOf(elsewhere, view, 0, right.commitment),
        signedCommitOf(otherJob, view, 0, right.commitment),
      ]);
      expect((await viewOf(player())).committedMask).to.equal(0n);
      await job.commitBatch([{ ...right, position: 3 }, right]);
      expect((await viewOf(player())).committedMask).to.equal(1n);
    });

    it("change nothing of what was committed first, in the same batch, another one or a transaction", async () => {
      const { job } = player();
      const view = await viewOf(player());
      const first = signedCommitOf(player(), view, 2);
      const later = signedCommitOf(player(), view, 2, PASS);
      await job.commitBatch([first, later, first]);
      await job.commitBatch([later]);
      await commitAt(player(), view, 4);
      await job.commitBatch([signedCommitOf(player(), view, 4, PASS)]);
      const after = await viewOf(player());
      expect([after.committedMask, after.passedMask]).to.deep.equal([0b10100n, 0n]);
      expect(after.updateRoots[2]).to.equal(`${first.commitment.slice(0, 64)}00`);
    });

    it("have no effect outside their phase", async () => {
      const { job } = player();
      const view = await viewOf(player());
      await commitEach(player(), [0, 1, 2]);
      await waitLong(player());
      await advance(player());
      await job.commitBatch([signedCommitOf(player(), view, 3)]);
      expect(await viewOf(player())).to.include({ phase: PHASE.share, committedMask: 0b111n });
    });

    it("have one valid signature each: its twin with the negated s does not pass", async () => {
      const { job } = player();
      const right = signedCommitOf(player(), await viewOf(player()), 0);
      const [parity, s] = [BigInt(right.vs) >> 255n, BigInt(right.vs) & fullMask(255)];
      for (const twin of [ORDER - s, ((1n - parity) << 255n) | s]) {
        await job.commitBatch([{ ...right, vs: `0x${twin.toString(16).padStart(64, "0")}` }]);
      }
      expect((await viewOf(player())).committedMask).to.equal(0n);
    });
  });

  describe("that pass the round", () => {
    /** Who passes, by position; the others commit. */
    async function closed(passing: readonly number[]): Promise<View> {
      const view = await viewOf(player());
      const commits = [...view.cohort.keys()].map((position) =>
        signedCommitOf(player(), view, position, passing.includes(position) ? PASS : undefined),
      );
      await player().job.commitBatch(commits);
      return await viewOf(player());
    }

    it("complete the phase as others do, and nothing is asked of who passed", async () => {
      const { job } = player();
      const view = await closed([1, 4]);
      expect(view).to.include({ phase: PHASE.share, committedMask: 0b101101n, passedMask: 0b10010n });
      await expect(shareAll(player())).not.to.emit(job, "MemberMissed");
      expect(await viewOf(player())).to.include({ phase: PHASE.propose, includedMask: 0b101101n });
      expect(await stakeOf(player(), view.cohort[1]!)).to.equal(100n * ETHER);
    });

    it("are seen while Commit lasts, and may be the operator's own transaction", async () => {
      const view = await viewOf(player());
      await as(player().job, memberOf(player(), view.cohort[5]!).operator).commit(5, PASS);
      expect(await viewOf(player())).to.include({ committedMask: 32n, passedMask: 32n });
    });

    it("skip the round when too few are left, without a slash", async () => {
      const { job } = player();
      const view = await viewOf(player());
      const commits = [0, 1, 2, 3].map((position) => signedCommitOf(player(), view, position, PASS));
      await job.commitBatch(commits);
      await expect(commitAll(player(), [4, 5]))
        .to.emit(job, "RoundSkipped")
        .withArgs(1, PHASE.commit);
      expect(await poolOf(player())).to.equal(POOL);
    });

    it("are forgotten in the next round", async () => {
      await closed([0, 1, 2, 3, 4, 5]);
      await draw(player());
      expect(await viewOf(player())).to.include({ round: 2n, committedMask: 0n, passedMask: 0n });
    });
  });

  it("close after their seconds and their blocks", async () => {
    const { job, world } = player();
    await commitEach(player(), [0, 2, 4]);
    const start = Number((await viewOf(player())).phaseStart);
    await world.helpers.time.setNextBlockTimestamp(start + 999);
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet").withArgs(PHASE.commit, 1, 0);
    await world.helpers.time.setNextBlockTimestamp(start + 1_000);
    await advance(player());
    expect(await viewOf(player())).to.include({ phase: PHASE.share, committedMask: 0b10101n });
  });

  it("skip the round when they are too few, and keep the model", async () => {
    const { job } = player();
    const before = await viewOf(player());
    await commitEach(player(), [1, 3]);
    await waitLong(player());
    await expect(advance(player())).to.emit(job, "RoundSkipped").withArgs(1, PHASE.commit);
    const after = await viewOf(player());
    expect([after.phase, after.round, after.modelId]).to.deep.equal([PHASE.draw, 2n, before.modelId]);
    expect(await read<string>(job, "roundRecord", 1)).to.equal(ZERO_WORD);
  });

  it("start every round anew: old commitments and masks are gone", async () => {
    await commitAll(player());
    await waitLong(player());
    await advance(player());
    const between = await viewOf(player());
    expect(between).to.include({ phase: PHASE.draw, committedMask: 0n });
    expect(between.cohort).to.deep.equal([]);
    await draw(player());
    const view = await viewOf(player());
    expect(view.committedMask).to.equal(0n);
    expect(view.updateRoots).to.deep.equal(Array<string>(6).fill(ZERO_WORD));
    await commitAll(player());
    expect((await viewOf(player())).committedMask).to.equal(fullMask(6));
  });
});
