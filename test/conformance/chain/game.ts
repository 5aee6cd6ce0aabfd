import type { JobChain, Receipt } from "../../../node/chain/chain.ts";
import type { JobLedger } from "../../../node/chain/ledger.ts";
import type { Address, Hex } from "../../../node/core/bytes.ts";
import { PacelineError } from "../../../node/core/errors.ts";
import type { JobTerms } from "../../../node/core/jobTerms.ts";
import type { Member, RoundView } from "../../../node/core/roundView.ts";
import { bitsOf } from "../../../node/core/roundView.ts";
import { rootOfAggregate, RoundPlayer, type Player } from "../../helpers/roundPlayer.ts";

export interface Participant extends Player {
  readonly wallet: Address;
}

/** A job whose four members have joined: member id i is player i. */
export interface JobUnderTest {
  readonly terms: JobTerms;
  readonly pool: bigint;
  readonly sponsor: Address;
  readonly players: readonly Participant[];
  /** Registered, with stake, and not a member. */
  readonly outsider: Participant;
  /** Lets time pass and a block come. */
  passTime(seconds: number): Promise<void>;
  mine(blocks: number): Promise<void>;
  blockHash(blockNumber: number): Promise<Hex>;
  join(wallet: Address): Promise<void>;
  addStake(wallet: Address, amount: bigint): Promise<void>;
  leave(wallet: Address): Promise<void>;
  unbond(memberId: number): Promise<void>;
  /** Gives the wallet an operator that was never used. */
  rotate(wallet: Address): Promise<Participant>;
  setPayout(wallet: Address, payout: Address): Promise<void>;
  claimPay(memberId: number): Promise<void>;
  claimCredit(account: Address): Promise<void>;
  withdraw(wallet: Address): Promise<void>;
  readHeld(account: Address): Promise<bigint>;
  readCredit(account: Address): Promise<bigint>;
  readStake(wallet: Address): Promise<bigint>;
  readPool(): Promise<bigint>;
  readLedger(): Promise<JobLedger>;
}

export interface ChainUnderTest {
  openJob(change?: Partial<JobTerms>): Promise<JobUnderTest>;
  stop(): Promise<void>;
}

/** Opens a job of its own for a test. */
export type Open = (change?: Partial<JobTerms>) => Promise<Game>;

/** The name of the contract's error that a call is refused with. */
export async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PacelineError && error.code === "rejected") return error.facts["error"];
    throw error;
  }
  return "accepted";
}

export const everybody = [0, 1, 2, 3];
export const ALL = 0b1111n;
/** Seconds before an end at which it surely has not come: a real chain's clock goes on by itself. */
export const MARGIN = 60;

/** One job on its way through its rounds, four honest members if nothing else is said. */
export class Game {
  readonly job: JobUnderTest;
  player!: RoundPlayer<Participant>;
  /** Operators by member id. */
  players: readonly Participant[];

  constructor(job: JobUnderTest) {
    this.job = job;
    this.players = job.players;
  }

  chain(index = 0): JobChain {
    return this.job.players[index]!.chain;
  }

  async view(): Promise<RoundView> {
    return (await this.chain().snapshot()).view;
  }

  async member(id: number): Promise<Member> {
    return (await this.chain().snapshot()).members[id]!;
  }

  seatChain(seat: number): JobChain {
    return this.player.seat(seat).chain;
  }

  /** Through the draw into Commit. */
  async draw(): Promise<RoundView> {
    if ((await this.view()).phase === "joining") await this.chain().advance();
    await this.chain(1).advance();
    const view = await this.view();
    this.player = new RoundPlayer(this.players, view);
    return view;
  }

  /** Each in a transaction of its own. */
  async commit(positions: readonly number[] = everybody): Promise<void> {
    for (const position of positions) {
      await this.player.at(position).chain.commit(position, this.player.commitment(position));
    }
  }

  /** In one transaction, which ends the phase when all are in it. */
  commitBatch(positions = this.player.view.cohort.map((_, position) => position)): Promise<Receipt> {
    return this.chain(3).commitBatch(positions.map((position) => this.player.signedCommit(position)));
  }

  /** Ends the phase when all who committed are in it. */
  async share(positions: readonly number[] = everybody): Promise<void> {
    const { player } = this;
    await this.chain(2).share(
      positions.map((position) => player.opening(position)),
      player.view.seats.map((_, seat) => player.bitmap(seat)),
    );
  }

  /** Through Share into Propose, everything complete. */
  async toPropose(): Promise<RoundView> {
    await this.draw();
    await this.commitBatch();
    await this.share(this.player.view.cohort.map((_, position) => position));
    return this.view();
  }

  /** @param included positions; all if not given */
  rightRoot(included = ALL): Hex {
    return rootOfAggregate(this.player.aggregate(included));
  }

  /** Posts a seat's root, signed by the seat, through its own chain. */
  async propose(root: Hex, seat = 0, sender = this.seatChain(seat)): Promise<RoundView> {
    await sender.propose(root, this.player.signedRoot(await this.view(), seat, root));
    return this.view();
  }

  /** Ends the phase when all live seats are in it, or were before. */
  async attest(seats: readonly number[] = everybody): Promise<void> {
    const view = await this.view();
    await this.chain(1).attest(
      seats.map((seat) => this.player.attestation(view, seat)),
      seats.map((seat) => this.player.scoreCommit(view, seat)),
    );
  }

  /** Ends the round when all that committed scores are in it. */
  async openScores(): Promise<void> {
    const view = await this.view();
    const seats = bitsOf(view.scoreCommittedMask);
    await this.chain(2).openScores(seats.map((seat) => this.player.scores(view, seat)));
  }

  /** From Propose to the end of the round, everybody that is live honest. */
  async settle(): Promise<void> {
    const view = await this.view();
    const seats = bitsOf(view.liveSeats);
    await this.propose(this.rightRoot(view.includedMask), seats[0]);
    await this.attest(seats);
    await this.openScores();
  }

  /** From Commit to the next Draw, or to the job's end: nobody commits. */
  async skip(): Promise<void> {
    await this.job.passTime(this.job.terms.commitSeconds);
    await this.chain().advance();
  }
}
