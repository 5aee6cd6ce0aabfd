import type { ContractTransactionResponse } from "ethers";
import { keccakWords } from "../../../node/core/bytes.ts";
import { bitsOf } from "../../../node/core/roundView.ts";
import { scoreOpeningOf } from "../../../test/contracts/messages.ts";
import { playerOf, updateOf, viewOf, type Player } from "../../../test/contracts/player.ts";
import {
  advance,
  attestAll,
  commitAll,
  commitAt,
  draw,
  openAllScores,
  playRound,
  proposeRight,
  shareAll,
} from "../../../test/contracts/round.ts";
import { proposeWrong, wrongLeafOf } from "../../../test/contracts/trial.ts";
import { createJob, deployWorld, joinAll, makeParticipants, POOL, termsOf } from "../../../test/contracts/world.ts";

/** Gas of a round on Hardhat's network. Slots are used in a first round; the second one is measured. */

export const COMMITTEE = 7;
/** 2,048 leaves of 128 values. */
const PROOF_LENGTH = 2_048 * 128;

export interface Measured {
  readonly gas: number;
  readonly data: string;
  readonly logs: readonly { readonly topics: readonly string[]; readonly data: string }[];
}

/** The transactions of a round, in their order; the score openings settle it. */
export type Round = Record<"draw" | "commits" | "share" | "propose" | "attest" | "scores", Measured>;

async function measure(step: Promise<ContractTransactionResponse>): Promise<Measured> {
  const response = await step;
  const receipt = await response.wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  return { gas: Number(receipt.gasUsed), data: response.data, logs: receipt.logs };
}

/** What `run` measures, which changes nothing. */
async function trying<T>({ world }: Player, run: () => Promise<T>): Promise<T> {
  const snapshot = await world.helpers.takeSnapshot();
  const result = await run();
  await snapshot.restore();
  return result;
}

/** @param wait seconds before the draw, which decide about it */
async function startJob(cohort: number, vectorLength: number, wait = 0): Promise<Player> {
  const world = await deployWorld();
  const people = await makeParticipants(world, cohort);
  const job = await createJob(world, { startMembers: cohort, committeeSize: COMMITTEE, vectorLength, rounds: 5 });
  await joinAll(job, people);
  const player = await playerOf(world, job, people);
  if (wait > 0) await world.helpers.time.increase(wait);
  await advance(player);
  return player;
}

/** A job whose first aggregator is not the member 0: to write a zero into the queue of those who leave costs 19,900 gas less. */
async function drawForProof(cohort: number): Promise<Player> {
  for (let wait = 0; ; wait++) {
    const player = await startJob(cohort, PROOF_LENGTH, wait);
    await draw(player);
    if (Number((await viewOf(player)).seats[0]) !== 0) return player;
  }
}

/** An operator's own commit, for each position of a cohort. */
async function measureCommits(player: Player): Promise<Measured[]> {
  const view = await viewOf(player);
  const commits: Measured[] = [];
  for (const position of view.cohort.keys()) commits.push(await measure(commitAt(player, view, position)));
  return commits;
}

/** The same vector, opened in a call that settles the round and in one that does not: one more seat has opened before it. */
async function measureSettlement(player: Player): Promise<{ readonly with: Measured; readonly without: Measured }> {
  const view = await viewOf(player);
  const openings = bitsOf(view.scoreCommittedMask).map((seat) => scoreOpeningOf(view, seat));
  const [last, others] = [openings.at(-1), openings.slice(0, -1)];
  await player.job.openScores(others.slice(1));
  const without = await trying(player, () => measure(player.job.openScores([last])));
  await player.job.openScores(others.slice(0, 1));
  return { with: await measure(player.job.openScores([last])), without };
}

export interface MeasuredCohort {
  readonly ownCommits: readonly Measured[];
  readonly round: Round;
  readonly settlement: { readonly with: Measured; readonly without: Measured };
  /** Of the second job of a sponsor, in a treasury that holds its token already. */
  readonly createJob: Measured;
  /** Over all updates, of 2,048 leaves each. */
  readonly wrongLeafProof: Measured;
}

async function measureRound(player: Player): Promise<Pick<MeasuredCohort, "ownCommits" | "round" | "settlement">> {
  const drawn = await measure(draw(player));
  const ownCommits = await trying(player, () => measureCommits(player));
  const commits = await measure(commitAll(player));
  const share = await measure(shareAll(player));
  const propose = await measure(proposeRight(player));
  const attest = await measure(attestAll(player));
  const settlement = await trying(player, () => measureSettlement(player));
  const scores = await measure(openAllScores(player));
  return { ownCommits, round: { draw: drawn, commits, share, propose, attest, scores }, settlement };
}

async function measureProof(player: Player): Promise<Measured> {
  const view = await viewOf(player);
  // Made once: they are large.
  for (const id of view.cohort) player.replaced.set(Number(id), updateOf(player, view, id));
  await commitAll(player);
  await shareAll(player);
  const coordinate = 123_457;
  const wrong = await proposeWrong(player, coordinate);
  const proof = wrongLeafOf(player, wrong.view, coordinate, wrong.aggregate);
  return await measure(player.world.court.proveWrongLeaf(player.job, proof));
}

/** Everything that is measured for one size of the cohort. */
export async function measureCohort(cohort: number): Promise<MeasuredCohort> {
  const player = await startJob(cohort, 300);
  await playRound(player);
  const measured = await measureRound(player);
  const { world } = player;
  const terms = await termsOf(world, { committeeSize: COMMITTEE });
  const created = await measure(world.factory.createJob(terms, POOL, keccakWords(7)));
  return { ...measured, createJob: created, wrongLeafProof: await measureProof(await drawForProof(cohort)) };
}
