import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { JobChain } from "../../node/chain/chain.ts";
import { keccakWords, ZERO_WORD, type Address, type Hex } from "../../node/core/bytes.ts";
import { includeHash, nextModelId } from "../../node/core/encoding.ts";
import { PacelineError } from "../../node/core/errors.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { bitsOf, type RoundView } from "../../node/core/roundView.ts";
import { COHORT_TAG, COMMITTEE_TAG, draw, nextSeed, saltShare } from "../../node/core/sortition.ts";
import { nextTrailing, medianScores, roundScores, splitByScore } from "../../node/core/scores.ts";
import { proofOf, rootOfAggregate, RoundPlayer, type Player } from "../helpers/roundPlayer.ts";

/** A job whose four members have joined: member id i is player i. */
export interface JobUnderTest {
  readonly terms: JobTerms;
  readonly pool: bigint;
  readonly players: readonly (Player & { readonly wallet: Address })[];
  /** A registered operator that has not joined. */
  readonly outsider: JobChain;
  /** Lets time pass and a block come. */
  passTime(seconds: number): Promise<void>;
  mine(blocks: number): Promise<void>;
  leave(index: number): Promise<void>;
  readCredit(account: Address): Promise<bigint>;
  readStake(wallet: Address): Promise<bigint>;
  readPool(): Promise<bigint>;
}

export interface ChainUnderTest {
  openJob(change?: Partial<JobTerms>): Promise<JobUnderTest>;
  stop(): Promise<void>;
}

/** The name of the contract's error that a call is refused with. */
async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PacelineError && error.code === "rejected") return error.facts["error"];
    throw error;
  }
  return "accepted";
}

const everybody = [0, 1, 2, 3];
const ALL = 0b1111n;

/** One job on its way through its rounds. */
class Game {
  readonly job: JobUnderTest;
  player!: RoundPlayer;

  constructor(job: JobUnderTest) {
    this.job = job;
  }

  chain(index = 0): JobChain {
    return this.job.players[index]!.chain;
  }

  async view(): Promise<RoundView> {
    return (await this.chain().snapshot()).view;
  }

  seatChain(seat: number): JobChain {
    return this.player.seat(seat).chain;
  }

  /** Through the draw into Commit. */
  async draw(): Promise<RoundView> {
    if ((await this.view()).phase === "joining") await this.chain().advance();
    await this.chain(1).advance();
    const view = await this.view();
    this.player = new RoundPlayer(this.job.players, view);
    return view;
  }

  async commit(positions: readonly number[] = everybody): Promise<void> {
    for (const position of positions) {
      await this.player.at(position).chain.commit(position, this.player.commitment(position));
    }
  }

  async share(positions: readonly number[] = everybody): Promise<void> {
    const { player } = this;
    await this.chain(2).share(
      positions.map((position) => player.opening(position)),
      everybody.map((seat) => player.bitmap(seat)),
    );
  }

  /** Through Share into Propose, everything complete. */
  async toPropose(): Promise<RoundView> {
    await this.draw();
    await this.commit();
    await this.chain().advance();
    await this.share();
    await this.chain(3).advance();
    return this.view();
  }

  rightRoot(): Hex {
    return rootOfAggregate(this.player.aggregate(ALL));
  }

  async attest(seats: readonly number[] = everybody): Promise<void> {
    const view = await this.view();
    await this.chain(1).attest(
      seats.map((seat) => this.player.attestation(view, seat)),
      seats.map((seat) => this.player.scoreCommit(view, seat)),
    );
  }

  /** From Propose to the end of the round, everybody honest. */
  async settle(): Promise<void> {
    await this.seatChain(0).propose(this.rightRoot());
    await this.attest();
    await this.chain().advance();
    const view = await this.view();
    await this.chain(2).openScores(everybody.map((seat) => this.player.scores(view, seat)));
    await this.chain(0).advance();
  }
}

/** What every chain must do. `start` is called once for the whole suite. */
export function describeChainConformance(name: string, start: () => Promise<ChainUnderTest>): void {
  describe(`${name}: conformance of a chain`, function () {
    this.timeout(60_000);
    let chain: ChainUnderTest;
    before(async function () {
      this.timeout(180_000);
      chain = await start();
    });
    after(() => chain.stop());
    const open = async (change?: Partial<JobTerms>): Promise<Game> => new Game(await chain.openJob(change));

    it("plays a round from the draw to the pay", async () => {
      const game = await open();
      const { terms, players, pool } = game.job;
      const joining = await game.chain().snapshot();
      expect(joining.view).to.deep.include({
        phase: "joining",
        round: 0,
        modelId: terms.genesisHash,
        cohort: [],
        seats: [],
      });
      expect(joining.members).to.deep.equal(
        players.map(({ operator, wallet }) => ({ operator, wallet, trailingScore: 0, barred: false, active: true })),
      );

      const drawn = await game.draw();
      const { player } = game;
      expect([...drawn.seats].sort()).to.deep.equal(everybody);
      expect(drawn).to.deep.equal({
        phase: "commit",
        round: 1,
        phaseStart: drawn.phaseStart,
        phaseStartBlock: drawn.phaseStartBlock,
        blockTime: drawn.phaseStart,
        blockNumber: drawn.phaseStartBlock,
        seed: drawn.seed,
        modelId: terms.genesisHash,
        cohort: everybody,
        seats: drawn.seats,
        committedMask: 0n,
        openedMask: 0n,
        includedMask: 0n,
        updateRoots: everybody.map(() => ZERO_WORD),
        exampleCounts: everybody.map(() => 0),
        bitmaps: everybody.map(() => 0n),
        liveSeats: ALL,
        firstSlot: 0,
        slot: 0,
        includeHash: ZERO_WORD,
        aggregateRoot: ZERO_WORD,
        attestedMask: 0n,
        scoreCommittedMask: 0n,
        scoreOpenedMask: 0n,
      });

      await game.commit([2, 0]);
      const committed = await game.view();
      const kept = (position: number): Hex => `0x${player.commitment(position).slice(2, 64)}00`;
      expect(committed.committedMask).to.equal(0b101n);
      expect(committed.updateRoots).to.deep.equal([kept(0), ZERO_WORD, kept(2), ZERO_WORD]);
      await game.commit([1, 3]);
      await game.chain().advance();

      await game.share();
      const shared = await game.view();
      const openings = everybody.map((position) => player.opening(position));
      expect(shared).to.deep.include({ phase: "share", openedMask: ALL, includedMask: 0n });
      expect(shared.updateRoots).to.deep.equal(openings.map(({ updateRoot }) => updateRoot));
      expect(shared.exampleCounts).to.deep.equal(openings.map(({ exampleCount }) => exampleCount));
      const ownBit = (seat: number): bigint => 1n << BigInt(drawn.cohort.indexOf(drawn.seats[seat]!));
      expect(shared.bitmaps).to.deep.equal(everybody.map((seat) => ALL & ~ownBit(seat)));

      await game.chain(3).advance();
      const fixed = await game.view();
      expect(fixed).to.deep.include({
        phase: "propose",
        includedMask: ALL,
        includeHash: includeHash(player.included(ALL)),
      });

      const root = game.rightRoot();
      await game.seatChain(0).propose(root);
      await game.attest();
      const attested = await game.view();
      expect(attested).to.deep.include({
        phase: "challenge",
        slot: 0,
        aggregateRoot: root,
        attestedMask: ALL,
        scoreCommittedMask: ALL,
      });

      await game.chain().advance();
      const scoring = await game.view();
      await game.chain(2).openScores(everybody.map((seat) => player.scores(scoring, seat)));
      expect((await game.view()).scoreOpenedMask).to.equal(ALL);
      await game.chain().advance();

      const settled = await game.view();
      const modelId = nextModelId(terms.genesisHash, root);
      expect(settled).to.deep.include({ phase: "draw", round: 2, modelId, aggregateRoot: ZERO_WORD });

      const seats = everybody.map((seat) => ({ vector: player.vector(scoring, seat), own: drawn.seats[seat]! }));
      const scores = roundScores(seats, [0, 0, 0, 0]);
      const pay = pool / BigInt(terms.rounds);
      const part = (bps: number): bigint => (pay * BigInt(bps)) / 10_000n;
      const [contributors, aggregator, committee] = [
        terms.contributorsBps,
        terms.aggregatorBps,
        terms.committeeBps,
      ].map(part) as [bigint, bigint, bigint];
      const keeper = (pay - contributors - aggregator - committee) / 5n;
      const contributorsPay = splitByScore(contributors, scores);
      const paid = contributors + aggregator + committee + 5n * keeper;
      const { rounds, slashes } = await game.chain(3).history(1);
      expect(slashes).to.deep.equal([]);
      expect(rounds).to.deep.equal([
        {
          round: 1,
          settled: {
            aggregateRoot: root,
            modelId,
            includedMask: ALL,
            scores,
            contributorsPay,
            paid,
            cohort: everybody,
            aggregator: drawn.seats[0]!,
          },
        },
      ]);

      // Transitions: the draw by player 1, share by 3, the others by player 0.
      const keepers = [3n, 1n, 0n, 1n];
      const credits = everybody.map((id) => {
        const seat = BigInt(drawn.seats.indexOf(id));
        const judge = committee / 4n + (seat < committee % 4n ? 1n : 0n);
        return contributorsPay[id]! + (seat === 0n ? aggregator : 0n) + judge + keepers[id]! * keeper;
      });
      expect(await Promise.all(players.map(({ wallet }) => game.job.readCredit(wallet)))).to.deep.equal(credits);
      expect(await game.job.readPool()).to.equal(pool - paid);
      const medians = medianScores(seats, 4);
      expect((await game.chain().snapshot()).members.map(({ trailingScore }) => trailingScore)).to.deep.equal(
        medians.map((median) => (median === undefined ? 0 : nextTrailing(0, median))),
      );
    });

    it("refuses calls out of turn with the contract's own error, and changes nothing", async () => {
      const game = await open();
      const chain = game.chain();
      expect(await refusalOf(chain.commit(0, keccakWords(1)))).to.equal("WrongPhase");
      expect(await refusalOf(game.job.outsider.propose(keccakWords(1)))).to.equal("WrongPhase");
      const drawn = await game.draw();
      expect(await refusalOf(chain.advance())).to.equal("NotYet");
      expect(await refusalOf(chain.commit(1, keccakWords(1)))).to.equal("NotInCohort");
      expect(await refusalOf(chain.commit(4, keccakWords(1)))).to.equal("NotInCohort");
      expect(await refusalOf(game.job.outsider.commit(0, keccakWords(1)))).to.equal("NotInCohort");
      expect(await refusalOf(chain.commit(0, ZERO_WORD))).to.equal("EmptyCommitment");
      await game.commit([0]);
      expect(await refusalOf(chain.commit(0, keccakWords(1)))).to.equal("AlreadyCommitted");
      const { blockNumber: _, blockTime: __, ...after } = await game.view();
      const { blockNumber: ___, blockTime: ____, ...before } = drawn;
      const kept = `0x${game.player.commitment(0).slice(2, 64)}00`;
      const updateRoots = [kept, ZERO_WORD, ZERO_WORD, ZERO_WORD];
      expect(after).to.deep.equal({ ...before, committedMask: 1n, updateRoots });
    });

    it("draws cohort and seats from the seed, over those who stood when the last commits closed", async () => {
      const game = await open({ cohortSize: 3, committeeSize: 3 });
      const first = await game.draw();
      const ascending = (ids: number[]): number[] => ids.sort((a, b) => a - b);
      expect(first.cohort).to.deep.equal(ascending(draw(first.seed, COHORT_TAG, 4, 3)));
      expect(first.seats).to.deep.equal(draw(first.seed, COMMITTEE_TAG, 4, 3));
      await game.job.leave(0);
      expect((await game.view()).cohort).to.deep.equal(first.cohort);
      await game.job.passTime(game.job.terms.commitSeconds);
      await game.chain(3).advance();
      const second = await game.draw();
      // The last candidate took the place of the one who left.
      const candidates = [3, 1, 2];
      expect(second.cohort).to.deep.equal([1, 2, 3]);
      expect(second.seats).to.deep.equal(draw(second.seed, COMMITTEE_TAG, 3, 3).map((place) => candidates[place]));
      expect((await game.chain().snapshot()).members[0]?.active).to.equal(false);
    });

    it("seeds a draw with the last salts and a block's hash, which is kept by whoever shares, or is zero", async () => {
      const game = await open();
      const first = await game.draw();
      await game.job.passTime(game.job.terms.commitSeconds);
      await game.chain().advance();
      await game.job.mine(300); // more than can be looked up
      const second = await game.draw();
      expect(second.seed).to.equal(nextSeed(first.seed, 0n, ZERO_WORD));

      await game.commit();
      await game.chain().advance();
      await game.share([1, 2]);
      await game.job.passTime(game.job.terms.shareSeconds);
      await game.chain().advance();
      await game.job.mine(300);
      const third = await game.draw();
      expect(third.round).to.equal(3);
      const salts = [1, 2].map((id) => saltShare(game.job.players[id]!.operator, game.player.opening(id).salt));
      const saltSum = salts.reduce((sum, share) => (sum + share) % 2n ** 256n, 0n);
      expect(third.seed).not.to.equal(nextSeed(second.seed, saltSum, ZERO_WORD));
      expect(third.seed).not.to.equal(second.seed);
    });

    it("refuses a commit that comes late", async () => {
      const game = await open();
      await game.draw();
      await game.commit([0, 1, 3]);
      await game.job.passTime(game.job.terms.commitSeconds);
      await game.chain().advance();
      expect(await refusalOf(game.chain(2).commit(2, game.player.commitment(2)))).to.equal("WrongPhase");
      expect(await game.view()).to.deep.include({ phase: "share", committedMask: 0b1011n });
    });

    it("skips the round where too few commit, and tells so in its history", async () => {
      const game = await open();
      const first = await game.draw();
      await game.commit([0, 1]);
      await game.job.passTime(game.job.terms.commitSeconds);
      await game.chain().advance();
      const next = await game.draw();
      expect(next).to.deep.include({ phase: "commit", round: 2, committedMask: 0n, modelId: first.modelId });
      expect(next.seed).not.to.equal(first.seed);
      expect(await game.chain().history(1)).to.deep.equal({ rounds: [{ round: 1, settled: undefined }], slashes: [] });
      expect(await game.chain().history(2)).to.deep.equal({ rounds: [], slashes: [] });
    });

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
          player.bitmap(1, 0b0110n), // a second one of the same seat is OR-ed
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

    it("slashes a withheld opening, and settles the round without it", async () => {
      const game = await open();
      await game.draw();
      await game.commit();
      await game.chain().advance();
      await game.share([0, 2, 3]);
      expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
      await game.job.passTime(game.job.terms.shareSeconds);
      await game.chain().advance();
      expect(await game.view()).to.deep.include({ phase: "propose", openedMask: 0b1101n, includedMask: 0b1101n });
      const { slashes } = await game.chain().history(1);
      expect(slashes).to.deep.equal([{ round: 1, memberId: 1, prover: undefined, taken: game.job.terms.missSlash }]);
      expect(await game.job.readStake(game.job.players[1]!.wallet)).to.equal(900n);
      expect(await game.job.readPool()).to.equal(game.job.pool + 100n);
    });

    it("keeps slots: nobody before the turn, nobody after it is gone, none but seats", async () => {
      const game = await open();
      await game.toPropose();
      const root = game.rightRoot();
      expect(await refusalOf(game.job.outsider.propose(root))).to.equal("NotASeat");
      expect(await refusalOf(game.seatChain(1).propose(root))).to.equal("SlotNotOpen");
      expect(await refusalOf(game.seatChain(0).propose(ZERO_WORD))).to.equal("EmptyRoot");
      await game.job.passTime(game.job.terms.slotSeconds);
      await game.seatChain(1).propose(root);
      expect(await game.view()).to.deep.include({ phase: "challenge", slot: 1, aggregateRoot: root });
      expect(await refusalOf(game.seatChain(0).propose(root))).to.equal("WrongPhase");
      const { slashes } = await game.chain().history(1);
      expect(slashes).to.deep.equal([
        { round: 1, memberId: game.player.view.seats[0], prover: undefined, taken: 100n },
      ]);
    });

    it("takes a proof of a wrong aggregate, slashes its poster and attesters, and goes on with the next slot", async () => {
      const game = await open();
      const fixed = await game.toPropose();
      const { player, job } = game;
      const lie = player.aggregate(ALL);
      const coordinate = 297;
      lie[coordinate]! += 1;
      await game.seatChain(0).propose(rootOfAggregate(lie));
      await game.attest([0, 2]);
      const standing = await game.view();
      expect(standing.attestedMask).to.equal(0b101n);

      const prover = game.seatChain(1);
      const proof = proofOf(player, standing, lie, coordinate);
      expect(await refusalOf(prover.proveWrongLeaf(proofOf(player, standing, lie, 3)))).to.equal("AggregateIsRight");
      expect(await refusalOf(prover.proveWrongLeaf({ ...proof, coordinate: 512 }))).to.equal("CoordinateOutOfRange");
      expect(await refusalOf(prover.proveWrongLeaf({ ...proof, updates: proof.updates.slice(1) }))).to.equal(
        "WrongIncludeSet",
      );
      expect(await refusalOf(prover.proveWrongLeaf({ ...proof, updateLeaves: [] }))).to.equal("LengthMismatch");
      expect(await refusalOf(prover.proveWrongLeaf({ ...proof, aggregateLeaf: proof.updateLeaves[0]! }))).to.equal(
        "BadLeafSize",
      );
      const [first, ...rest] = proof.updateLeaves;
      const changed = { ...first!, leaf: first!.leaf.map((byte) => byte ^ 1) };
      expect(await refusalOf(prover.proveWrongLeaf({ ...proof, updateLeaves: [changed, ...rest] }))).to.equal(
        "BadProof",
      );
      await prover.proveWrongLeaf(proof);

      const after = await game.view();
      expect(after).to.deep.include({
        phase: "propose",
        firstSlot: 1,
        liveSeats: 0b1010n,
        attestedMask: 0n,
        aggregateRoot: ZERO_WORD,
      });
      expect(after).to.deep.include({ includeHash: fixed.includeHash, scoreCommittedMask: 0b101n });
      const [poster, attester] = [fixed.seats[0]!, fixed.seats[2]!];
      const { slashes } = await game.chain().history(1);
      expect(slashes).to.deep.equal(
        [poster, attester].map((memberId) => ({ round: 1, memberId, prover: prover.operator, taken: 600n })),
      );
      const proverWallet = (await game.chain().snapshot()).members.find(
        ({ operator }) => operator === prover.operator,
      )!.wallet;
      expect(await job.readCredit(proverWallet)).to.equal(250n);
      expect(await job.readPool()).to.equal(job.pool + 350n + 600n);
      const barred = (await game.chain().snapshot()).members.map((member) => member.barred);
      expect(bitsOf(0b1111n).filter((id) => barred[id])).to.deep.equal([poster, attester].sort((a, b) => a - b));
      expect(await refusalOf(prover.proveWrongLeaf(proof))).to.equal("NoStandingProposal");
      expect(await refusalOf(game.seatChain(0).propose(game.rightRoot()))).to.equal("NotASeat");
      await game.seatChain(1).propose(game.rightRoot());
      expect(await game.view()).to.deep.include({ phase: "challenge", slot: 1 });
    });

    it("proves anything but zero in the padding beyond the vector, without a single update leaf", async () => {
      const game = await open();
      await game.toPropose();
      const padded = new Int32Array(384);
      padded.set(game.player.aggregate(ALL));
      padded[301] = -1;
      await game.seatChain(0).propose(rootOfAggregate(padded));
      const proof = proofOf(game.player, await game.view(), padded, 301);
      await game.chain().proveWrongLeaf({ ...proof, updateLeaves: [] });
      expect((await game.view()).phase).to.equal("propose");
    });

    it("takes attestations and scores add-only, each seat's first one", async () => {
      const game = await open();
      await game.toPropose();
      await game.seatChain(0).propose(game.rightRoot());
      const { player } = game;
      const view = await game.view();
      const attestation = player.attestation(view, 3);
      const commit = player.scoreCommit(view, 3);
      await game
        .chain()
        .attest(
          [
            { ...attestation, seat: 2 },
            { ...attestation, seat: 40 },
            attestation,
            attestation,
            player.attestation(view, 0),
            player.attestation(view, 1),
          ],
          [{ ...commit, seat: 2 }, { ...commit, commitment: keccakWords(3) }, commit, player.scoreCommit(view, 1)],
        );
      expect(await game.view()).to.deep.include({ attestedMask: 0b1011n, scoreCommittedMask: 0b1010n });
      expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
      await game.job.passTime(game.job.terms.challengeSeconds);
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

    it("ends after the last round and gives the sponsor what is left", async () => {
      const game = await open({ rounds: 2 });
      await game.toPropose();
      await game.settle();
      await game.toPropose();
      await game.settle();
      expect(await game.view()).to.deep.include({ phase: "finished", round: 2 });
      expect(await game.job.readPool()).to.equal(0n);
      expect(await refusalOf(game.chain().advance())).to.equal("WrongPhase");
      const { rounds } = await game.chain().history(1);
      expect(rounds.map(({ round, settled }) => [round, settled?.cohort])).to.deep.equal([
        [1, everybody],
        [2, everybody],
      ]);
    });

    it("pushes snapshots to watchers, at once and after every change, until they stop", async () => {
      const game = await open();
      const seen: string[] = [];
      let check = (): void => undefined;
      const until = (phase: string): Promise<void> =>
        new Promise((resolve) => {
          check = () => {
            if (seen.includes(phase)) resolve();
          };
          check();
        });
      const stop = game.chain(2).watch(
        ({ view, members }) => {
          expect(members.length).to.equal(4);
          seen.push(view.phase);
          check();
        },
        (error) => {
          throw error;
        },
      );
      await until("joining");
      await game.draw();
      await until("commit");
      expect(seen.indexOf("joining")).to.be.lessThan(seen.indexOf("commit"));
      stop();
      const { length } = seen;
      await game.commit();
      await game.chain().advance();
      expect(seen.length).to.equal(length);
    });

    it("knows operators, and where they can be dialled", async () => {
      const game = await open();
      const [a, b] = game.job.players as unknown as [Player & { wallet: Address }, Player & { wallet: Address }];
      expect(await a.chain.isOperator(b.operator)).to.equal(true);
      expect(await a.chain.isOperator(b.wallet)).to.equal(false);
      await b.chain.setContact("/ip4/192.0.2.7/tcp/4001");
      const contacts = await a.chain.contacts([a.operator, b.operator]);
      expect([...contacts]).to.deep.equal([[b.operator, "/ip4/192.0.2.7/tcp/4001"]]);
      expect(await refusalOf(a.chain.setContact("x".repeat(513)))).to.equal("ContactTooLong");
    });
  });
}
