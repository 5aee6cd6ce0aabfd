import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { nextModelId, roundRecord } from "../../node/core/encoding.ts";
import { bitsOf, fullMask } from "../../node/core/roundView.ts";
import { medianScores, nextTrailing, roundScores, splitByScore, type SeatScores } from "../../node/core/scores.ts";
import {
  advance,
  attestAll,
  memberOf,
  openAllScores,
  ownIndex,
  PHASE,
  playRound,
  playToChallenge,
  proofArguments,
  receiptOf,
  scoreCommitOf,
  scoreOpeningOf,
  vectorOf,
  viewOf,
  waitLong,
  type ScoreOpening,
  type Step,
  type View,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { account, as, ETHER, POOL, read } from "./world.ts";

const MEMBERS = 7;
const SEATS = 5;

interface Settled {
  readonly scores: readonly bigint[];
  readonly contributorsPay: readonly bigint[];
  readonly paid: bigint;
  readonly modelId: Hex;
}

describe("settling", () => {
  const player = playingFrom(async () => {
    const started = await startedJob(MEMBERS, { committeeSize: SEATS, rounds: 2 });
    await playToChallenge(started);
    return started;
  });

  async function settledBy(step: Step): Promise<Settled> {
    const { job } = player();
    const { logs } = await receiptOf(step);
    const event = logs.map((log) => job.interface.parseLog(log)).find((parsed) => parsed?.name === "RoundSettled");
    if (event === undefined || event === null) throw new Error("the round was not settled");
    return event.args.toObject() as unknown as Settled;
  }

  /** Attests with all seats, commits and opens these vectors (undefined: an abstention), and settles. */
  async function settleWith(vectors: ReadonlyMap<number, readonly number[] | undefined>): Promise<Settled> {
    const view = await viewOf(player());
    const openings = [...vectors].map(([seat, vector]) => openingFor(view, seat, vector));
    await attestAll(player(), [...view.seats.keys()], openings);
    if (vectors.size < SEATS) await waitLong(player());
    await advance(player());
    await player().job.openScores(openings);
    return await settledBy(advance(player()));
  }

  function openingFor(view: View, seat: number, vector: readonly number[] | undefined): ScoreOpening {
    if (vector !== undefined) return scoreOpeningOf(view, seat, vector);
    return { seat, vector: "0x", salt: keccakWords(0xab57a1, seat) };
  }

  const trailingOf = async (view: View): Promise<number[]> => {
    const list = await read<readonly { trailingScore: bigint }[]>(player().job, "members", 0, MEMBERS);
    return bitsOf(view.includedMask).map((position) => Number(list[Number(view.cohort[position])]!.trailingScore));
  };
  const creditOf = async (address: string): Promise<bigint> =>
    await read(player().world.treasury, "creditOf", player().world.token, address);
  const numbers = (values: readonly bigint[]): number[] => values.map(Number);

  it("pays contributors by the lower medians of all opened vectors, to the wei", async () => {
    const view = await viewOf(player());
    const vectors = new Map(view.seats.map((_, seat) => [seat, vectorOf(view, seat)]));
    const settled = await settleWith(vectors);
    const seats: SeatScores[] = view.seats.map((_, seat) => {
      const own = ownIndex(view, seat);
      return { vector: vectors.get(seat), own: own < 0 ? undefined : own };
    });
    const scores = roundScores(
      seats,
      Array.from({ length: MEMBERS }, () => 0),
    );
    expect(numbers(settled.scores)).to.deep.equal(scores);
    const pay = POOL / 2n;
    expect([...settled.contributorsPay]).to.deep.equal(splitByScore((pay * 7_000n) / 10_000n, scores));
    const medians = medianScores(seats, MEMBERS);
    expect(await trailingOf(view)).to.deep.equal(
      medians.map((median) => (median === undefined ? 0 : nextTrailing(0, median))),
    );
  });

  it("splits all of a round's pay, to the wei, and leaves in the pool only what nobody earned", async () => {
    const { world, job, members } = player();
    const view = await viewOf(player());
    const settled = await settleWith(new Map(view.seats.map((_, seat) => [seat, vectorOf(view, seat)])));
    const pay = POOL / 2n;
    const parts = {
      contributors: (pay * 7_000n) / 10_000n,
      aggregator: (pay * 1_000n) / 10_000n,
      committee: (pay * 1_500n) / 10_000n,
    };
    const keeper = (pay - parts.contributors - parts.aggregator - parts.committee) / 5n;
    expect(settled.paid).to.equal(parts.contributors + parts.aggregator + parts.committee + 5n * keeper);
    expect(await read(world.treasury, "poolOf", job)).to.equal(POOL - settled.paid);
    const included = bitsOf(view.includedMask);
    let sum = await creditOf(await world.sponsor.getAddress());
    expect(sum).to.equal(5n * keeper); // who made every transition
    for (const [id, { walletAddress }] of members.entries()) {
      const index = included.findIndex((position) => view.cohort[position] === BigInt(id));
      const seat = view.seats.indexOf(BigInt(id));
      const judge = seat < 0 ? 0n : parts.committee / 5n + (BigInt(seat) < parts.committee % 5n ? 1n : 0n);
      const credit = await creditOf(walletAddress);
      expect(credit).to.equal(settled.contributorsPay[index]! + judge + (seat === 0 ? parts.aggregator : 0n));
      sum += credit;
    }
    expect(sum).to.equal(settled.paid);
  });

  it("moves the model on and records the round", async () => {
    const view = await viewOf(player());
    const settled = await settleWith(new Map(view.seats.map((_, seat) => [seat, vectorOf(view, seat)])));
    const next = await viewOf(player());
    expect(settled.modelId).to.equal(nextModelId(view.modelId, view.aggregateRoot));
    expect([next.modelId, next.round, next.phase]).to.deep.equal([settled.modelId, 2n, PHASE.draw]);
    expect(await read<string>(player().job, "roundRecord", 1)).to.equal(
      roundRecord(view.seed, view.includeHash, view.aggregateRoot, fullMask(SEATS)),
    );
  });

  it("pays every transition to who made it, an operator's share to its wallet", async () => {
    const started = player();
    const { world, members } = started;
    const bystander = await account(world, 555);
    await attestAll(started);
    const keeperOf = { ...started, job: as(started.job, members[2]!.operator) };
    await advance(keeperOf);
    await openAllScores(started);
    const before = await creditOf(members[2]!.walletAddress);
    const { contributorsPay } = await settledBy(advance({ ...started, job: as(started.job, bystander.signer) }));
    const pay = POOL / 2n;
    const keeper = (pay - (pay * 7_000n) / 10_000n - (pay * 1_000n) / 10_000n - (pay * 1_500n) / 10_000n) / 5n;
    expect(await creditOf(await bystander.signer.getAddress())).to.equal(keeper);
    expect(await creditOf(await world.sponsor.getAddress())).to.equal(3n * keeper);
    expect(await creditOf(await members[2]!.operator.getAddress())).to.equal(0n);
    expect((await creditOf(members[2]!.walletAddress)) - before).to.be.greaterThanOrEqual(contributorsPay[2]! + keeper);
  });

  it("pays trailing scores where fewer than three seats scored, equal shares where nobody has any", async () => {
    const view = await viewOf(player());
    const nobody = await settleWith(
      new Map([
        [0, undefined],
        [1, vectorOf(view, 1)],
      ]),
    );
    expect(numbers(nobody.scores)).to.deep.equal(Array.from({ length: MEMBERS }, () => 1));
    expect(await trailingOf(view)).to.deep.equal(Array.from({ length: MEMBERS }, () => 0));
  });

  it("pays the trailing scores of an earlier round when all abstain", async () => {
    const view = await viewOf(player());
    await settleWith(new Map(view.seats.map((_, seat) => [seat, vectorOf(view, seat)])));
    await playToChallenge(player());
    const second = await viewOf(player());
    const trailing = await trailingOf(second);
    expect(trailing.some((score) => score > 0)).to.equal(true);
    const settled = await settleWith(new Map(second.seats.map((_, seat) => [seat, undefined])));
    expect(numbers(settled.scores)).to.deep.equal(trailing.map((score) => Math.floor(score / 256)));
    expect(await trailingOf(second)).to.deep.equal(trailing);
  });

  it("pays no committee share to who did not attest, or did not open", async () => {
    const { world, job } = player();
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
    const committee = (((POOL + ETHER) / 2n) * 1_500n) / 10_000n;
    for (const [seat, earns] of [false, false, true, true, false].entries()) {
      if (seat === 0) continue; // the poster
      const id = view.seats[seat]!;
      const own = settled.contributorsPay[Number(id)]!;
      const credit = await creditOf(memberOf(player(), id).walletAddress);
      if (earns) expect(credit - own).to.be.within(committee / 3n, committee / 3n + 1n);
      else expect(credit).to.equal(own);
    }
    const missed = memberOf(player(), view.seats[1]!).walletAddress;
    expect(await read(world.treasury, "stakeOf", job, missed)).to.equal(99n * ETHER);
  });

  it("skips vectors that do not sum, score their own update, have another length or another salt", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const own = ownIndex(view, 0);
    const right = vectorOf(view, 0);
    const [a, b] = [0, 1, 2].filter((index) => index !== own) as [number, number];
    const bad = [
      right.with(a, right[a]! + 1),
      right.with(own, 5).with(b, right[b]! - 5),
      right.slice(0, -1),
      [...right, 0],
    ].map((vector, seat) => (seat === 1 ? undefined : scoreOpeningOf(view, seat, vector)));
    const ownScore = right.with(own, 5).with(b, right[b]! - 5);
    const openings = [
      ...bad.filter((opening) => opening !== undefined),
      scoreOpeningOf(view, 1, vectorOf(view, 1)),
      scoreOpeningOf(view, 4, vectorOf(view, 4)),
    ];
    await attestAll(player(), [0, 1, 2, 3, 4], openings);
    await advance(player());
    await job.openScores([
      ...openings.filter(({ seat }) => seat !== 4),
      { ...openings[4]!, salt: keccakWords(3) },
      { ...openings[3]!, seat: 4 },
    ]);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0b00010n);
    await job.openScores(openings);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0b10010n);
    expect(ownScore.reduce((sum, score) => sum + score, 0)).to.equal(10_000);
  });

  it("refuses a score for the scorer's own update, though the vector sums", async () => {
    const { job } = player();
    const view = await viewOf(player());
    const own = ownIndex(view, 3);
    const other = own === 0 ? 1 : 0;
    const right = vectorOf(view, 3);
    const opening = scoreOpeningOf(view, 3, right.with(own, 5).with(other, right[other]! - 5));
    await attestAll(player(), [0, 1, 2, 3, 4], [opening]);
    await waitLong(player());
    await advance(player());
    await job.openScores([opening]);
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0n);
  });

  it("shows no score before it is opened: the chain holds hashes", async () => {
    const view = await viewOf(player());
    const commit = scoreCommitOf(player(), view, scoreOpeningOf(view, 0));
    const receipt = await receiptOf(player().job.attest([], [commit]));
    const vector = scoreOpeningOf(view, 0).vector.slice(2);
    expect(JSON.stringify(receipt.logs)).to.not.include(vector);
    await player().job.openScores([scoreOpeningOf(view, 0)]); // too early: no effect
    expect((await viewOf(player())).scoreOpenedMask).to.equal(0n);
  });

  it("ends the job after its last round and gives the sponsor the rest", async () => {
    const { world, job } = player();
    await attestAll(player());
    await advance(player());
    await openAllScores(player());
    await advance(player());
    const before = await creditOf(await world.sponsor.getAddress());
    await playRound(player());
    expect((await viewOf(player())).phase).to.equal(PHASE.finished);
    expect(await read(world.treasury, "poolOf", job)).to.equal(0n);
    expect(await creditOf(await world.sponsor.getAddress())).to.be.greaterThan(before);
    await expect(job.advance()).to.be.revertedWithCustomError(job, "WrongPhase").withArgs(PHASE.finished);
  });

  it("moves what nobody earned to the rounds that are left", async () => {
    await attestAll(player(), [0, 1, 2, 3], []);
    await waitLong(player());
    const first = await advance(player()).then(async () => settledBy(advance(player()))); // attested, but nobody scored
    expect(first.paid).to.be.lessThan(POOL / 2n);
    const left = await read(player().world.treasury, "poolOf", player().job);
    expect(left).to.equal(POOL - first.paid);
    const second = await settledBy(playRound(player()));
    expect(second.paid).to.be.within(left - 5n, left);
  });
});

describe("the ledgers", () => {
  const player = playingFrom(() => startedJob(6, { committeeSize: 4, rounds: 3 }));

  /** Everything that the treasury owes, account by account. */
  async function owed(): Promise<bigint> {
    const { world, job, members } = player();
    const { treasury, token } = world;
    let sum = (await read(treasury, "poolOf", job)) + (await read(treasury, "burned", token));
    const accounts = members.flatMap(({ walletAddress, address }) => [walletAddress, address]);
    for (const one of [...accounts, await world.sponsor.getAddress()]) {
      sum += (await read(treasury, "stakeOf", job, one)) + (await read(treasury, "creditOf", token, one));
    }
    return sum;
  }

  it("hold exactly what they owe, through rounds, slashes, claims and withdrawals", async () => {
    const { world, job, members } = player();
    const { treasury, token } = world;
    const check = async (): Promise<void> => {
      expect(await read(token, "balanceOf", treasury)).to.equal(await owed());
    };
    await check();
    await playRound(player());
    await check();
    await as(treasury, members[1]!.wallet).claim(token);
    await check();
    const { aggregateOf, aggregateTree, playToPropose, proposeFrom } = await import("./round.ts");
    await playToPropose(player());
    const wrong = aggregateOf(player(), await viewOf(player()));
    wrong[17]! -= 1;
    const aggregate = aggregateTree(wrong);
    await proposeFrom(player(), 0, aggregate.tree.root);
    await world.court.proveWrongLeaf(job, ...proofArguments(player(), await viewOf(player()), 17, aggregate));
    await check();
    await waitLong(player());
    await advance(player());
    await check();
    await playRound(player());
    expect((await viewOf(player())).phase).to.equal(PHASE.finished);
    await check();
    for (const { wallet, walletAddress } of members) {
      await as(job, wallet).leave();
      if ((await read(treasury, "creditOf", token, walletAddress)) > 0n) await treasury.claimFor(token, walletAddress);
    }
    await world.helpers.time.increase(5_701);
    for (const { wallet } of members) await as(treasury, wallet).withdraw(job);
    await treasury.claim(token);
    await check();
    expect(await read(token, "balanceOf", treasury)).to.equal(0n);
  });
});
