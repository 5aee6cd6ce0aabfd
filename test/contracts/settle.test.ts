import { expect } from "chai";
import { describe, it } from "mocha";
import { ZERO_WORD } from "../../node/core/bytes.ts";
import { nextModelId, roundRecordHash } from "../../node/core/encoding.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { medianScores, nextTrailing, roundScores, splitByScore, type SeatScores } from "../../node/core/scores.ts";
import { abstentionOf, ownIndex, scoreOpeningOf, vectorOf, type ScoreOpening } from "./messages.ts";
import {
  earnedBy,
  eventOf,
  memberOf,
  memberView,
  PHASE,
  poolOf,
  stakeOf,
  viewOf,
  waitLong,
  type View,
} from "./player.ts";
import { advance, attestAll, openAllScores, playFromChallenge, playRound, playToChallenge } from "./round.ts";
import { partsOf, type Settled } from "./settling.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { account, as, ETHER, POOL, read } from "./world.ts";

const MEMBERS = 7;
const SEATS = 5;

describe("settling", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(MEMBERS, { committeeSize: SEATS, rounds: 2 });
    await playToChallenge(started);
    return started;
  });

  const settledBy = (step: ReturnType<typeof advance>): Promise<Settled> =>
    eventOf<Settled>(player(), step, "RoundSettled");

  /** Attests with all seats, commits and opens these vectors (undefined: an abstention), and so settles. */
  async function settleWith(vectors: ReadonlyMap<number, readonly number[] | undefined>): Promise<Settled> {
    const view = await viewOf(player());
    const openings = [...vectors].map(([seat, vector]) => openingFor(view, seat, vector));
    await attestAll(player(), [...view.seats.keys()], openings);
    if (vectors.size < SEATS) {
      await waitLong(player());
      await advance(player());
    }
    return await settledBy(player().job.openScores(openings));
  }

  const openingFor = (view: View, seat: number, vector: readonly number[] | undefined): ScoreOpening =>
    vector === undefined ? abstentionOf(seat) : scoreOpeningOf(view, seat, vector);
  const allVectors = (view: View): Map<number, number[]> =>
    new Map(view.seats.map((_, seat) => [seat, vectorOf(view, seat)]));
  const trailingOf = async (view: View): Promise<number[]> => {
    const ids = bitsOf(view.includedMask).map((position) => view.cohort[position]!);
    return (await Promise.all(ids.map((id) => memberView(player(), id)))).map(({ trailingScore }) =>
      Number(trailingScore),
    );
  };
  const creditOf = async (address: string): Promise<bigint> =>
    await read(player().world.treasury, "creditOf", player().world.token, address);
  const numbers = (values: readonly bigint[]): number[] => values.map(Number);

  it("happens in the posting that opens the last vector, and pays by the lower medians of all, to the wei", async () => {
    const view = await viewOf(player());
    const vectors = allVectors(view);
    const settled = await settleWith(vectors);
    const seats: SeatScores[] = view.seats.map((_, seat) => {
      const own = ownIndex(view, seat);
      return { vector: vectors.get(seat), own: own < 0 ? undefined : own };
    });
    const scores = roundScores(seats, Array<number>(MEMBERS).fill(0));
    expect(numbers(settled.scores)).to.deep.equal(scores);
    const { contributors } = partsOf(POOL / 2n);
    expect([...settled.contributorsPay]).to.deep.equal(splitByScore(contributors, scores));
    const medians = medianScores(seats, MEMBERS);
    expect(await trailingOf(view)).to.deep.equal(
      medians.map((median) => (median === undefined ? 0 : nextTrailing(0, median))),
    );
  });

  it("splits all of a round's pay, to the wei, and leaves in the pool only what nobody earned", async () => {
    const { world, members } = player();
    const view = await viewOf(player());
    const settled = await settleWith(allVectors(view));
    const parts = partsOf(POOL / 2n);
    expect(settled.paid).to.equal(parts.contributors + parts.aggregator + parts.committee + 5n * parts.keeper);
    expect(POOL / 2n - settled.paid).to.be.lessThan(5n);
    let sum = await creditOf(await world.sponsor.getAddress());
    expect(sum).to.equal(5n * parts.keeper); // who made every transition
    const included = bitsOf(view.includedMask);
    for (const id of members.keys()) {
      const index = included.findIndex((position) => view.cohort[position] === BigInt(id));
      const seat = view.seats.indexOf(BigInt(id));
      const judge = seat < 0 ? 0n : parts.committee / 5n + (BigInt(seat) < parts.committee % 5n ? 1n : 0n);
      const pay = judge + (seat === 0 ? parts.aggregator : 0n);
      if (seat >= 0) expect(settled.judgesPay[seat]).to.equal(pay);
      expect(await earnedBy(player(), id)).to.equal(settled.contributorsPay[index]! + pay);
      sum += await earnedBy(player(), id);
    }
    expect(sum).to.equal(settled.paid);
    expect(await poolOf(player())).to.equal(POOL - 5n * parts.keeper); // members' pay stays there until it is claimed
  });

  it("moves the model on and keeps the hash of the round's record", async () => {
    const view = await viewOf(player());
    const { modelId, record } = await settleWith(allVectors(view));
    const next = await viewOf(player());
    expect(modelId).to.equal(nextModelId(view.modelId, view.aggregateRoot));
    expect(next).to.include({ modelId, round: 2n, phase: PHASE.draw });
    const { seed, includeHash, aggregateRoot, seats } = view;
    const attesters = seats.map(Number);
    const expected = { seed, includeHash, aggregateRoot, poster: attesters[0]!, attesters };
    expect(await read<string>(player().job, "roundRecord", 1)).to.equal(roundRecordHash(expected));
    const given = record.toObject();
    expect({
      ...given,
      poster: Number(given["poster"]),
      attesters: numbers(given["attesters"] as bigint[]),
    }).to.deep.equal(expected);
  });

  it("names as attesters those who did attest, in seat order", async () => {
    const view = await viewOf(player());
    await attestAll(player(), [4, 2, 3], [scoreOpeningOf(view, 1), scoreOpeningOf(view, 3), scoreOpeningOf(view, 0)]);
    await waitLong(player());
    await advance(player());
    await openAllScores(player());
    const { seed, includeHash, aggregateRoot, seats } = view;
    const attesters = [0, 2, 3, 4].map((seat) => Number(seats[seat]));
    expect(await read<string>(player().job, "roundRecord", 1)).to.equal(
      roundRecordHash({ seed, includeHash, aggregateRoot, poster: attesters[0]!, attesters }),
    );
  });

  it("pays every transition to who made it, an operator's share to its wallet", async () => {
    const { world, members, job } = player();
    const bystander = await account(world, 555);
    await attestAll({ ...player(), job: as(job, members[2]!.operator) });
    await openAllScores({ ...player(), job: as(job, bystander.signer) });
    const { keeper } = partsOf(POOL / 2n);
    expect(await creditOf(await bystander.signer.getAddress())).to.equal(keeper);
    expect(await creditOf(await world.sponsor.getAddress())).to.equal(3n * keeper);
    expect(await creditOf(members[2]!.walletAddress)).to.equal(keeper);
    expect(await creditOf(members[2]!.address)).to.equal(0n);
  });

  it("moves every trailing score a quarter of the way to its median, where members fill more than one slot of eight", async () => {
    const many = await startedJob(19, { committeeSize: 5, cohortSize: 12, rounds: 2 });
    const before = Array<number>(19).fill(0);
    for (let round = 1; round <= 2; round++) {
      await playToChallenge(many);
      const view = await viewOf(many);
      const seats: SeatScores[] = view.seats.map((_, seat) => {
        const own = ownIndex(view, seat);
        return { vector: vectorOf(view, seat), own: own < 0 ? undefined : own };
      });
      await playFromChallenge(many);
      const medians = medianScores(seats, 12);
      for (const [k, position] of bitsOf(view.includedMask).entries()) {
        const id = Number(view.cohort[position]);
        before[id] = medians[k] === undefined ? before[id]! : nextTrailing(before[id]!, medians[k]);
      }
      const list = await Promise.all(before.map((_, id) => memberView(many, id)));
      expect(
        list.map(({ trailingScore }) => Number(trailingScore)),
        `round ${round}`,
      ).to.deep.equal(before);
    }
  });

  it("pays equal shares where fewer than three seats scored and nobody has a trailing score", async () => {
    const view = await viewOf(player());
    const settled = await settleWith(
      new Map([
        [0, undefined],
        [1, vectorOf(view, 1)],
      ]),
    );
    expect(numbers(settled.scores)).to.deep.equal(Array<number>(MEMBERS).fill(1));
    expect(await trailingOf(view)).to.deep.equal(Array<number>(MEMBERS).fill(0));
  });

  it("pays the trailing scores of an earlier round when all abstain", async () => {
    await settleWith(allVectors(await viewOf(player())));
    await playToChallenge(player());
    const view = await viewOf(player());
    const trailing = await trailingOf(view);
    expect(trailing.some((score) => score > 0)).to.equal(true);
    const settled = await settleWith(new Map(view.seats.map((_, seat) => [seat, undefined])));
    expect(numbers(settled.scores)).to.deep.equal(trailing.map((score) => Math.floor(score / 256)));
    expect(await trailingOf(view)).to.deep.equal(trailing);
  });

  it("pays no committee share to who did not attest, or did not open", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const openings = view.seats.map((_, seat) => scoreOpeningOf(view, seat));
    await attestAll(player(), [0, 1, 2, 3], openings);
    await waitLong(player());
    await advance(player());
    await job.openScores(openings.filter(({ seat }) => seat !== 1));
    await expect(advance(player())).to.be.revertedWithCustomError(job, "NotYet");
    await waitLong(player());
    const settled = await settledBy(advance(player()));
    // Seat 1 lost its slash to the pool before the split.
    const { committee, aggregator } = partsOf((POOL + ETHER) / 2n);
    const share = committee / 3n;
    expect(settled.judgesPay.map((pay, seat) => pay - (seat === 0 ? aggregator : 0n))).to.deep.equal([
      share + (committee % 3n > 0n ? 1n : 0n),
      0n,
      share + (committee % 3n > 1n ? 1n : 0n),
      share,
      0n,
    ]);
    expect(await stakeOf(player(), view.seats[1]!)).to.equal(99n * ETHER);
  });

  it("ends the job after its last round and gives the sponsor the rest", async () => {
    const { world, job } = player();
    await playFromChallenge(player());
    await expect(playRound(player())).to.emit(job, "JobEnded");
    expect((await viewOf(player())).phase).to.equal(PHASE.finished);
    const owed = await Promise.all([...player().members.keys()].map((id) => earnedBy(player(), id)));
    expect(await poolOf(player())).to.equal(owed.reduce((sum, credit) => sum + credit));
    const keepers = partsOf(POOL / 2n).keeper * 5n;
    const credit = await creditOf(await world.sponsor.getAddress());
    expect(credit).to.be.within(2n * keepers, 2n * keepers + 10n); // and the dust
    await expect(job.advance()).to.be.revertedWithCustomError(job, "WrongPhase").withArgs(PHASE.finished);
  });

  it("moves what nobody earned to the rounds that are left", async () => {
    await attestAll(player(), [0, 1, 2, 3], []);
    await waitLong(player());
    await advance(player()); // attested, but nobody scored
    const first = await settledBy(advance(player()));
    const { committee } = partsOf(POOL / 2n);
    expect(POOL / 2n - first.paid).to.be.within(committee, committee + 5n);
    const second = await settledBy(playRound(player()));
    expect(POOL - first.paid - second.paid).to.be.lessThan(5n);
  });

  it("pays members from the job, to the payout address of their wallet, whoever claims", async () => {
    const { world, job } = player();
    await playFromChallenge(player());
    const [one, other] = [memberOf(player(), 3), memberOf(player(), 4)];
    await as(world.registry, one.wallet).setPayout(other.address);
    const earned = await earnedBy(player(), 3);
    await expect(as(job, other.wallet).claim(3)).to.changeTokenBalance(
      world.ethers,
      world.token,
      other.operator,
      earned,
    );
    expect(await earnedBy(player(), 3)).to.equal(0n);
    await expect(job.claim(3)).to.be.revertedWithCustomError(job, "NoCredit").withArgs(3);
    await expect(job.claim(7)).to.be.revertedWithCustomError(job, "NoSuchMember").withArgs(7, 7);
    const left = await earnedBy(player(), 4);
    await expect(job.claim(4)).to.changeTokenBalance(world.ethers, world.token, other.wallet, left);
  });

  it("keeps no record of a round that was skipped, nor of one to come", async () => {
    await playFromChallenge(player());
    expect(await read<string>(player().job, "roundRecord", 0)).to.equal(ZERO_WORD);
    expect(await read<string>(player().job, "roundRecord", 2)).to.equal(ZERO_WORD);
  });
});
