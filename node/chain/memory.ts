import { keccakWords, ZERO_WORD, type Address, type Hex } from "../core/bytes.ts";
import { roundRecordHash } from "../core/encoding.ts";
import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import type { ChainSnapshot, JobChain, Receipt } from "./chain.ts";
import type { JobLedger } from "./ledger.ts";
import { Revert, type Block } from "./memory/block.ts";
import { EventLog, type JobEvent } from "./memory/eventLog.ts";
import { proveEquivocation } from "./memory/court.ts";
import { answer, answersOf, demand, openDemandsOf } from "./memory/demands.ts";
import { ledgerOf } from "./memory/jobLedger.ts";
import { isDrawn, markJob, newJob, operatorOf, type JobState } from "./memory/jobStorage.ts";
import { membersOf, sameWhereEqual, viewOf } from "./memory/jobViews.ts";
import { allOf } from "./memory/mark.ts";
import { attest, openScores, propose } from "./memory/judging.ts";
import { Ledgers } from "./memory/ledgers.ts";
import { addStake, claim, join, leaveJob, refreshOperator, resume, unbond } from "./memory/membership.ts";
import { commit, commitBatch, share } from "./memory/posting.ts";
import { MemoryRegistry } from "./memory/registry.ts";
import { enter } from "./memory/slashing.ts";
import { advance } from "./memory/transitions.ts";
import { proveSettledWrongLeaf, proveWrongLeaf } from "./memory/wrongLeaves.ts";

/** Hashes of older blocks cannot be read. */
const READABLE_HASHES = 256;

/**
 * The twin of the chain: Registry, Treasury, Court and jobs in memory, with the contracts' semantics and no gas. Every write
 * is a block of its own; a refused one throws PacelineError `rejected` and changes nothing.
 */
export class MemoryChain {
  readonly chainId: number;
  readonly registry: MemoryRegistry;
  readonly ledgers: Ledgers;
  readonly #log: EventLog;
  readonly #now: () => number;
  readonly #hashes: Hex[] = [];
  #time = 0;
  /** Reorganisations there were. */
  #branch = 0;
  readonly #jobs = new Map<Address, JobState>();
  readonly #listeners = new Set<() => void>();
  /** The newest that was read, by job. */
  readonly #snapshots = new Map<Address, ChainSnapshot>();

  /**
   * @param now seconds; a block never is earlier than the last
   * @param onEvent hears what the contracts would say
   */
  constructor(now: () => number, chainId = 31_337, onEvent?: (job: Address, event: JobEvent) => void) {
    this.#now = now;
    this.chainId = chainId;
    this.registry = new MemoryRegistry(chainId, addressFrom(1));
    this.#log = new EventLog(onEvent);
    this.ledgers = new Ledgers(this.registry, this.#log);
    this.mine();
  }

  get blockNumber(): number {
    return this.#hashes.length - 1;
  }

  blockHash(blockNumber: number): Hex {
    return this.#hashes[blockNumber] ?? ZERO_WORD;
  }

  /**
   * Remembers how things stand, jobs opened later aside.
   * @returns takes back every block since, as a reorganisation does that brings none of its transactions back; to be called once
   */
  mark(): () => void {
    const [blocks, time] = [this.#hashes.length, this.#time];
    const undo = allOf(this.registry.mark(), this.ledgers.mark(), ...[...this.#jobs.values()].map(markJob));
    return () => {
      [this.#hashes.length, this.#time] = [blocks, time];
      undo();
      this.#branch++;
      for (const listener of this.#listeners) listener();
    };
  }

  /** Adds `count` empty blocks. */
  mine(count = 1): void {
    for (let i = 0; i < count; i++) this.#append(this.#nextTime());
  }

  /** Makes tokens out of nothing. */
  mint(token: Address, account: Address, amount: bigint): void {
    this.ledgers.balances.add(amount, token, account);
  }

  register(wallet: Address, operator: Address, consent: Hex): Receipt {
    return this.#write("register", wallet, (block) => this.registry.register(block, operator, consent));
  }

  rotate(wallet: Address, operator: Address, consent: Hex): Receipt {
    return this.#write("rotate", wallet, (block) => this.registry.rotate(block, operator, consent));
  }

  exit(wallet: Address): Receipt {
    return this.#write("exit", wallet, (block) => this.registry.exit(block));
  }

  setPayout(wallet: Address, payout: Address): Receipt {
    return this.#write("setPayout", wallet, (block) => this.registry.setPayout(block, payout));
  }

  /** Opens a job with terms that the factory would accept, and escrows its pool. */
  createJob(sponsor: Address, terms: JobTerms, pool: bigint): Address {
    const job = addressFrom(1000 + this.#jobs.size);
    this.#write("createJob", sponsor, (block) => {
      this.ledgers.openJob(job, sponsor, terms.token, terms.stakeToken, pool);
      const { chainId, registry, ledgers } = this;
      const state = newJob({ domain: { chainId, job }, terms, sponsor, registry, ledgers, log: this.#log });
      enter(state, "joining", block);
      this.#jobs.set(job, state);
    });
    return job;
  }

  /** @param amount of stake to lock; that of the terms if not given */
  join(job: Address, wallet: Address, amount?: bigint): Receipt {
    const state = this.#job(job);
    return this.#write("join", wallet, (block) => join(state, block, amount ?? state.terms.stake));
  }

  addStake(job: Address, wallet: Address, amount: bigint): Receipt {
    return this.#write("addStake", wallet, (block) => addStake(this.#job(job), block, amount));
  }

  leave(job: Address, wallet: Address): Receipt {
    return this.#write("leaveJob", wallet, (block) => leaveJob(this.#job(job), block));
  }

  unbond(job: Address, memberId: number): Receipt {
    const state = this.#job(job);
    return this.#write("unbond", state.sponsor, (block) => unbond(state, block, memberId));
  }

  /** Sends what a member has earned in a job to its wallet's payout address. */
  claimPay(job: Address, memberId: number): Receipt {
    const state = this.#job(job);
    return this.#write("claim", state.sponsor, () => claim(state, memberId));
  }

  /** Sends the credits of a keeper, a prover or a sponsor to its payout address. */
  claim(token: Address, account: Address): Receipt {
    return this.#write("claim", account, () => this.ledgers.claim(token, account));
  }

  withdraw(job: Address, wallet: Address): Receipt {
    const state = this.#job(job);
    const memberId = state.members.findIndex((member) => member.wallet === wallet);
    const drawn = memberId >= 0 && isDrawn(state, memberId);
    return this.#write("withdraw", wallet, ({ time }) => this.ledgers.withdraw(job, wallet, time, drawn));
  }

  /** keccak256(abi.encode(RoundRecord)) of a settled round that was not proven wrong, the zero word otherwise. */
  roundRecord(job: Address, round: number): Hex {
    const record = this.#job(job).records.get(round);
    return record === undefined ? ZERO_WORD : roundRecordHash(record);
  }

  ledger(job: Address): JobLedger {
    return ledgerOf(this.#job(job));
  }

  /** Whoever reads the same block gets the same objects; of an earlier one, the members where they are the same. */
  snapshot(job: Address): ChainSnapshot {
    const known = this.#snapshots.get(job);
    if (known?.view.blockNumber === this.blockNumber) return known;
    const state = this.#job(job);
    const view = viewOf(state, { number: this.blockNumber, time: this.#time });
    const members = sameWhereEqual(known?.members, membersOf(state));
    const demands = view.openDemands === 0 ? [] : openDemandsOf(state);
    const snapshot = { view, members, demands, generation: this.#branch, headTime: this.#time };
    this.#snapshots.set(job, snapshot);
    return snapshot;
  }

  /** A job as `operator` sees it and acts upon it. */
  jobChain(job: Address, operator: Address): JobChain {
    const state = this.#job(job);
    const { registry } = this;
    const send = async (call: string, work: (block: Block) => void): Promise<Receipt> =>
      this.#write(call, operator, work);
    return {
      chainId: this.chainId,
      job,
      operator,
      terms: state.terms,
      snapshot: async () => this.snapshot(job),
      watch: (onSnapshot) => this.#watch(job, onSnapshot),
      history: async (fromRound) => ({
        rounds: state.outcomes.filter(({ round }) => round >= fromRound),
        slashes: state.slashes.filter(({ round }) => round >= fromRound),
      }),
      forgetHistory: () => undefined, // nothing is kept apart from the chain
      isOperator: async (account) => registry.isServing(account) || this.#signsIn(state, account),
      contacts: async (operators) => {
        const known = operators.map((each): [Address, string] => [each, registry.contactOf(each) ?? ""]);
        return new Map(known.filter(([, contact]) => contact !== ""));
      },
      answers: async () => answersOf(state),
      roundRecord: async (round) => state.records.get(round),
      setContact: (contact) => send("setContact", (block) => registry.setContact(block, contact)),
      commit: (position, commitment) => send("commit", (block) => commit(state, block, position, commitment)),
      commitBatch: (commits) => send("commitBatch", (block) => commitBatch(state, block, commits)),
      share: (openings, bitmaps) => send("share", (block) => share(state, block, openings, bitmaps)),
      propose: (root, attestation) => send("propose", (block) => propose(state, block, root, attestation)),
      attest: (attestations, commits) => send("attest", (block) => attest(state, block, attestations, commits)),
      openScores: (openings) => send("openScores", (block) => openScores(state, block, openings)),
      proveWrongLeaf: (proof) => send("proveWrongLeaf", (block) => proveWrongLeaf(state, block, proof)),
      proveSettledWrongLeaf: (round, record, proof) =>
        send("proveSettledWrongLeaf", (block) => proveSettledWrongLeaf(state, block, round, record, proof)),
      proveEquivocation: (statement, first, second) =>
        send("proveEquivocation", (block) => proveEquivocation(state, block, statement, first, second)),
      demand: (updates, node, path) => send("demand", (block) => demand(state, block, updates, node, path)),
      answerDemand: (id, data) => send("answer", (block) => answer(state, block, id, data)),
      resume: (memberId) => send("resume", () => resume(state, memberId)),
      refreshOperator: (memberId) => send("refreshOperator", () => refreshOperator(state, memberId)),
      advance: () => send("advance", (block) => advance(state, block)),
    };
  }

  #signsIn(state: JobState, account: Address): boolean {
    const wallet = this.registry.walletOf(account);
    const id = state.members.findIndex((member) => member.wallet === wallet);
    return id >= 0 && operatorOf(state, id) === account;
  }

  /** Calls back in a task of its own, once for all blocks that came before it. */
  #watch(job: Address, onSnapshot: (snapshot: ChainSnapshot) => void): () => void {
    let due = false;
    const notify = (): void => {
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        if (this.#listeners.has(notify)) onSnapshot(this.snapshot(job));
      });
    };
    this.#listeners.add(notify);
    notify();
    return () => this.#listeners.delete(notify);
  }

  #nextTime(): number {
    return Math.max(this.#time, Math.floor(this.#now()));
  }

  #append(time: number): void {
    this.#time = time;
    const parent = this.#hashes.at(-1) ?? ZERO_WORD;
    const branch = this.#branch === 0 ? [] : [this.#branch];
    this.#hashes.push(keccakWords(this.chainId, this.#hashes.length, time, parent, ...branch));
    for (const listener of this.#listeners) listener();
  }

  #job(job: Address): JobState {
    const state = this.#jobs.get(job);
    if (state === undefined) throw new PacelineError("wrong-chain", `there is no job at ${job}`, { job });
    return state;
  }

  /** Contracts check first and write then, so a refused call leaves nothing behind. */
  #write(call: string, sender: Address, work: (block: Block) => unknown): Receipt {
    const number = this.blockNumber + 1;
    const hashOf = (at: number): Hex | undefined =>
      at >= number || at < number - READABLE_HASHES ? undefined : this.#hashes[at];
    const time = this.#nextTime();
    try {
      work({ number, time, sender, hashOf });
    } catch (error) {
      throw error instanceof Revert ? rejected(call, error) : error;
    }
    this.#append(time);
    return { gasUsed: 0, blockNumber: number };
  }
}

function rejected(call: string, { error, args }: Revert): PacelineError {
  const texts = args.map(String);
  const text = texts.length > 0 ? `${error}(${texts.join(", ")})` : error;
  return new PacelineError("rejected", `the contract refused ${call}: ${text}`, { call, error, args: texts });
}

function addressFrom(number: number): Address {
  return `0x${number.toString(16).padStart(40, "0")}`;
}
