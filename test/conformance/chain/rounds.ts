import { expect } from "chai";
import { it } from "mocha";
import type { Address, Hex } from "../../../node/core/bytes.ts";
import { keccakWords, ZERO_WORD } from "../../../node/core/bytes.ts";
import { includeHash, nextModelId, PASS } from "../../../node/core/encoding.ts";
import { medianScores, nextTrailing, roundScores, splitByScore } from "../../../node/core/scores.ts";
import { ALL, everybody, refusalOf, type Open, type Participant } from "./game.ts";

/** Whole rounds, what a view shows of them, and what is refused out of turn. */
export function describeRounds(open: Open): void {
  it("plays a round from the draw to the pay", async () => {
    const game = await open();
    const { terms, players, pool } = game.job;
    const joining = await game.chain().snapshot();
    expect(joining.demands).to.deep.equal([]);
    expect(joining.view).to.deep.include({
      phase: "joining",
      round: 0,
      seed: ZERO_WORD,
      modelId: terms.genesisHash,
      cohort: [],
      seats: [],
    });
    const newcomer = { trailingScore: 0, suspendedUntil: 0, weight: 1, credit: 0n, active: true, ejected: false };
    expect(joining.members).to.deep.equal(players.map(({ operator, wallet }) => ({ operator, wallet, ...newcomer })));

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
      passedMask: 0n,
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
      openDemands: 0,
      windowEnd: 0,
      windowEndBlock: 0,
    });

    await game.commit([2, 0]);
    const committed = await game.view();
    const kept = (position: number): Hex => `0x${player.commitment(position).slice(2, 64)}00`;
    expect(committed.committedMask).to.equal(0b101n);
    expect(committed.updateRoots).to.deep.equal([kept(0), ZERO_WORD, kept(2), ZERO_WORD]);
    await game.commit([1, 3]);
    await game.chain().advance();

    await game.share([0, 2, 3]);
    const shared = await game.view();
    const openings = [0, 2, 3].map((position) => player.opening(position));
    const [first, third, fourth] = openings.map(({ updateRoot }) => updateRoot);
    expect(shared).to.deep.include({ phase: "share", openedMask: 0b1101n, includedMask: 0n });
    expect(shared.updateRoots).to.deep.equal([first, kept(1), third, fourth]);
    expect(shared.exampleCounts).to.deep.equal([40, 0, 102, 133]);
    const ownBit = (seat: number): bigint => 1n << BigInt(drawn.cohort.indexOf(drawn.seats[seat]!));
    expect(shared.bitmaps).to.deep.equal(everybody.map((seat) => ALL & ~ownBit(seat)));

    await game.chain(3).share([player.opening(1)], []); // completes the phase, and ends it
    const fixed = await game.view();
    expect(fixed).to.deep.include({
      phase: "propose",
      includedMask: ALL,
      includeHash: includeHash(player.included(ALL)),
    });
    expect(fixed.updateRoots).to.deep.equal(everybody.map((position) => player.opening(position).updateRoot));
    expect(fixed.exampleCounts).to.deep.equal([40, 71, 102, 133]);

    const root = game.rightRoot();
    expect(await game.propose(root)).to.deep.include({ phase: "challenge", slot: 0, aggregateRoot: root });
    expect((await game.view()).attestedMask).to.equal(0b0001n); // its signature is the seat's attestation
    await game.attest([1, 2]);
    const attested = await game.view();
    expect(attested).to.deep.include({ phase: "challenge", attestedMask: 0b0111n, scoreCommittedMask: 0b0110n });
    expect(attested.updateRoots).to.deep.equal(fixed.updateRoots);

    await game.attest([0, 3]); // ends the phase
    const scoring = await game.view();
    expect(scoring.phase).to.equal("score");
    await game.openScores(); // settles

    const settled = await game.view();
    const modelId = nextModelId(terms.genesisHash, root);
    const nothing = { aggregateRoot: ZERO_WORD, includeHash: ZERO_WORD, cohort: [], updateRoots: [], liveSeats: 0n };
    expect(settled).to.deep.include({ phase: "draw", round: 2, modelId, seed: drawn.seed, ...nothing });

    const seats = everybody.map((seat) => ({ vector: player.vector(scoring, seat), own: drawn.seats[seat]! }));
    const scores = roundScores(seats, [0, 0, 0, 0]);
    const pay = pool / BigInt(terms.rounds);
    const part = (bps: number): bigint => (pay * BigInt(bps)) / 10_000n;
    const [contributors, aggregator, committee] = [
      part(terms.contributorsBps),
      part(terms.aggregatorBps),
      part(terms.committeeBps),
    ];
    const keeper = (pay - contributors - aggregator - committee) / 5n;
    const contributorsPay = splitByScore(contributors, scores);
    const judgesPay = everybody.map((seat) => {
      const extra = BigInt(seat) < committee % 4n ? 1n : 0n;
      return committee / 4n + extra + (seat === 0 ? aggregator : 0n);
    });
    const paid = contributors + aggregator + committee + 5n * keeper;
    const { rounds, slashes } = await game.chain(3).history(1);
    expect(slashes).to.deep.equal([]);
    expect(rounds).to.deep.equal([
      {
        round: 1,
        withheld: [],
        settled: {
          aggregateRoot: root,
          modelId,
          includedMask: ALL,
          scores,
          contributorsPay,
          judgesPay,
          paid,
          cohort: everybody,
          seats: drawn.seats,
          aggregator: drawn.seats[0]!,
          faulty: false,
        },
      },
    ]);

    // Pay is a credit of the member in the job.
    const { members } = await game.chain().snapshot();
    const earned = everybody.map((id) => contributorsPay[id]! + judgesPay[drawn.seats.indexOf(id)]!);
    expect(members.map(({ credit }) => credit)).to.deep.equal(earned);
    // Transitions: the draw by player 1, commits by 0, share by 3, challenge by 1, the settlement by 2.
    const keepers = [1n, 2n, 1n, 1n];
    expect(await Promise.all(players.map(({ wallet }) => game.job.readCredit(wallet)))).to.deep.equal(
      keepers.map((times) => times * keeper),
    );
    expect(await game.job.readPool()).to.equal(pool - 5n * keeper);
    const medians = medianScores(seats, 4);
    expect(members.map(({ trailingScore }) => trailingScore)).to.deep.equal(
      medians.map((median) => (median === undefined ? 0 : nextTrailing(0, median))),
    );
  });

  it("refuses calls out of turn with the contract's own error, and changes nothing", async () => {
    const game = await open();
    const chain = game.chain();
    const { outsider } = game.job;
    const anybody = { seat: 0, signature: `0x${"01".repeat(64)}1b` } as const;
    expect(await refusalOf(chain.commit(0, keccakWords(1)))).to.equal("WrongPhase");
    expect(await refusalOf(outsider.chain.propose(keccakWords(1), anybody))).to.equal("WrongPhase");
    const drawn = await game.draw();
    expect(await refusalOf(chain.advance())).to.equal("NotYet");
    expect(await refusalOf(chain.commit(1, keccakWords(1)))).to.equal("NotInCohort");
    expect(await refusalOf(chain.commit(4, keccakWords(1)))).to.equal("NotInCohort");
    expect(await refusalOf(outsider.chain.commit(0, keccakWords(1)))).to.equal("NotInCohort");
    expect(await refusalOf(chain.commit(0, ZERO_WORD))).to.equal("EmptyCommitment");
    await game.commit([0]);
    expect(await refusalOf(chain.commit(0, keccakWords(1)))).to.equal("AlreadyCommitted");
    const { blockNumber: _, blockTime: __, ...after } = await game.view();
    const { blockNumber: ___, blockTime: ____, ...before } = drawn;
    const kept = `0x${game.player.commitment(0).slice(2, 64)}00`;
    const updateRoots = [kept, ZERO_WORD, ZERO_WORD, ZERO_WORD];
    expect(after).to.deep.equal({ ...before, committedMask: 1n, updateRoots });
  });

  it("takes commits and a pass that a relay posts, skips the others, and ends the phase when all are in", async () => {
    const game = await open();
    await game.draw();
    const { player } = game;
    const good = player.signedCommit(0);
    await game.job.outsider.chain.commitBatch([
      { ...good, position: 1 }, // signed by another member
      { ...good, commitment: keccakWords(4) }, // not what was signed
      { ...good, position: 9 },
      player.signedCommit(2, ZERO_WORD),
      good,
      player.signedCommit(0, keccakWords(5)), // a second one of the same member
      player.signedCommit(3, PASS),
    ]);
    const kept = (position: number): Hex => `0x${player.commitment(position).slice(2, 64)}00`;
    const committed = await game.view();
    expect(committed).to.deep.include({ phase: "commit", committedMask: 0b1001n, passedMask: 0b1000n });
    expect(committed.updateRoots).to.deep.equal([kept(0), ZERO_WORD, ZERO_WORD, ZERO_WORD]);
    await game.commitBatch([1, 2]);
    expect(await game.view()).to.deep.include({ phase: "share", committedMask: 0b0111n, passedMask: 0b1000n });
    await game.job.outsider.chain.commitBatch([player.signedCommit(3)]); // too late, and no error
    await game.share([0, 1, 2]);
    expect(await game.view()).to.deep.include({ phase: "propose", includedMask: 0b0111n });
    await game.settle();
    const { rounds, slashes } = await game.chain().history(1);
    expect(rounds[0]?.settled).to.deep.include({ includedMask: 0b0111n, cohort: everybody });
    expect(slashes).to.deep.equal([]);
  });

  it("counts no pass of the own transaction as a commit", async () => {
    const game = await open();
    await game.draw();
    await game.commit([0, 1]);
    await game.chain(2).commit(2, PASS);
    await game.chain(3).commit(3, PASS);
    expect(await game.view()).to.deep.include({ committedMask: ALL, passedMask: 0b1100n });
    await game.chain().advance(); // complete, and too few
    expect(await game.view()).to.deep.include({ phase: "draw", round: 2 });
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
    await game.skip();
    const next = await game.draw();
    expect(next).to.deep.include({ phase: "commit", round: 2, committedMask: 0n, modelId: first.modelId });
    expect(next.seed).not.to.equal(first.seed);
    const skipped = { round: 1, settled: undefined, withheld: [] };
    expect(await game.chain().history(1)).to.deep.equal({ rounds: [skipped], slashes: [] });
    expect(await game.chain().history(2)).to.deep.equal({ rounds: [], slashes: [] });
  });

  it("keeps a phase open for its blocks as well as for its seconds", async () => {
    const game = await open({ phaseBlocks: 5 });
    const drawn = await game.draw();
    await game.job.passTime(game.job.terms.commitSeconds);
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet");
    const { blockNumber } = await game.view();
    await game.job.mine(drawn.phaseStartBlock + 5 - blockNumber - 1);
    await game.chain().advance();
    expect((await game.view()).phase).to.equal("draw");
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
      ({ view, members, demands }) => {
        expect([members.length, demands.length]).to.deep.equal([4, 0]);
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
    await game.commitBatch();
    expect(seen.length).to.equal(length);
  });

  it("knows operators, and where they can be dialled", async () => {
    const game = await open();
    const [a, b] = game.job.players as unknown as [Participant, Participant];
    expect(await a.chain.isOperator(b.operator)).to.equal(true);
    expect(await a.chain.isOperator(b.wallet as Address)).to.equal(false);
    await b.chain.setContact("/ip4/192.0.2.7/tcp/4001");
    const contacts = await a.chain.contacts([a.operator, b.operator]);
    expect([...contacts]).to.deep.equal([[b.operator, "/ip4/192.0.2.7/tcp/4001"]]);
    expect(await refusalOf(a.chain.setContact("x".repeat(513)))).to.equal("ContactTooLong");
  });
}
