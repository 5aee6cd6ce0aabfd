import { keccakWords, ZERO_WORD, type Address, type Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import type { ChainSnapshot, JobChain, Receipt } from "./chain.ts";
import { Revert, type Block } from "./memory/block.ts";
import { proveWrongLeaf } from "./memory/court.ts";
import { enter, newJob, viewOf, type JobState } from "./memory/jobState.ts";
import { attest, openScores, propose } from "./memory/judging.ts";
import { Ledgers } from "./memory/ledgers.ts";
import { join, leave } from "./memory/membership.ts";
import { commit, share } from "./memory/posting.ts";
import { MemoryRegistry } from "./memory/registry.ts";
import { advance } from "./memory/transitions.ts";

/** Hashes of older blocks cannot be read. */
const READABLE_HASHES = 256;

/**
 * The twin of the chain: Registry, Treasury, Court and jobs in memory, with the contracts' semantics and no gas. Every write
 * is a block of its own; a refused one throws PacelineError `rejected` and changes nothing.
 */
export class MemoryChain {
  readonly chainId: number;
  readonly registry: MemoryRegistry;
  readonly ledgers = new Ledgers();
  readonly #now: () => number;
  readonly #hashes: Hex[] = [];
  #time = 0;
  readonly #jobs = new Map<Address, JobState>();
  readonly #listeners = new Set<() => void>();

  /** @param now seconds; a block never is earlier than the last */
  constructor(now: () => number, chainId = 31_337) {
    this.#now = now;
    this.chainId = chainId;
    this.registry = new MemoryRegistry(chainId, addressFrom(1));
    this.mine();
  }

  get blockNumber(): number {
    return this.#hashes.length - 1;
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

  /** Opens a job with terms that the factory would accept, and escrows its pool. */
  createJob(sponsor: Address, terms: JobTerms, pool: bigint): Address {
    const job = addressFrom(1000 + this.#jobs.size);
    this.#write("createJob", sponsor, (block) => {
      this.ledgers.openJob(job, sponsor, terms.token, terms.stakeToken, pool);
      const state = newJob({ chainId: this.chainId, job }, terms, this.registry, this.ledgers);
      enter(state, "joining", block);
      this.#jobs.set(job, state);
    });
    return job;
  }

  join(job: Address, wallet: Address): Receipt {
    return this.#write("join", wallet, (block) => join(this.#job(job), block));
  }

  leave(job: Address, wallet: Address): Receipt {
    return this.#write("leave", wallet, (block) => leave(this.#job(job), block));
  }

  claim(token: Address, account: Address): Receipt {
    return this.#write("claim", account, () => this.ledgers.claim(token, account));
  }

  withdraw(job: Address, wallet: Address): Receipt {
    return this.#write("withdraw", wallet, ({ time }) => this.ledgers.withdraw(job, wallet, time));
  }

  /** keccak256(abi.encode(seed, includeHash, aggregateRoot, attestedMask)) of a settled round, the zero word otherwise. */
  roundRecord(job: Address, round: number): Hex {
    return this.#job(job).roundRecords.get(round) ?? ZERO_WORD;
  }

  snapshot(job: Address): ChainSnapshot {
    const state = this.#job(job);
    const members = state.members.map(({ gone: _, ...member }) => member);
    return { view: viewOf(state, { number: this.blockNumber, time: this.#time }), members };
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
      isOperator: async (account) => registry.walletOf(account) !== undefined,
      contacts: async (operators) => {
        const known = operators.map((each): [Address, string] => [each, registry.contactOf(each) ?? ""]);
        return new Map(known.filter(([, contact]) => contact !== ""));
      },
      setContact: (contact) => send("setContact", (block) => registry.setContact(block, contact)),
      commit: (position, commitment) => send("commit", (block) => commit(state, block, position, commitment)),
      share: (openings, bitmaps) => send("share", (block) => share(state, block, openings, bitmaps)),
      propose: (root) => send("propose", (block) => propose(state, block, root)),
      attest: (attestations, commits) => send("attest", () => attest(state, attestations, commits)),
      openScores: (openings) => send("openScores", () => openScores(state, openings)),
      proveWrongLeaf: (proof) => send("proveWrongLeaf", (block) => proveWrongLeaf(state, block, proof)),
      advance: () => send("advance", (block) => advance(state, block)),
    };
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
    this.#hashes.push(keccakWords(this.chainId, this.#hashes.length, time, parent));
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
