import type { Address } from "../../core/bytes.ts";
import { revert } from "./block.ts";
import { EventLog } from "./eventLog.ts";
import type { Operators } from "./registry.ts";
import { allOf, markMap, type Undo } from "./mark.ts";

/** Who is rewarded where nobody is. */
const NOBODY: Address = `0x${"00".repeat(20)}`;

/** Amounts by account, in wei; zero where there is none. */
export class Amounts {
  readonly #amounts = new Map<string, bigint>();

  of(...key: readonly Address[]): bigint {
    return this.#amounts.get(key.join()) ?? 0n;
  }

  add(amount: bigint, ...key: readonly Address[]): void {
    this.#amounts.set(key.join(), this.of(...key) + amount);
  }

  mark(): Undo {
    return markMap(this.#amounts);
  }

  sum(): bigint {
    return [...this.#amounts.values()].reduce((total, amount) => total + amount, 0n);
  }
}

/** One job's money. What flowed is kept for those who audit it. */
interface Book {
  readonly token: Address;
  readonly stakeToken: Address;
  readonly escrowed: bigint;
  pool: bigint;
  /** Slashed stake in the pool, or in what was paid from it. */
  slashed: bigint;
  /** The pool has ended: nobody is paid from what is slashed now. */
  closed: boolean;
  readonly flows: Flow[];
}

/** `account` is a wallet or a keeper, prover or sponsor; `amount` in wei. */
export interface Flow {
  readonly kind:
    "kept" | "slashed" | "slashed-into-pool" | "rewarded" | "claimed" | "forfeited" | "refunded" | "burned";
  readonly account: Address;
  readonly amount: bigint;
}

/** Tokens and what `contracts/Treasury.sol` holds of them: stakes, pools and credits. */
export class Ledgers {
  /** By token and account, outside of the treasury. Nobody needs to approve anything. */
  readonly balances = new Amounts();
  /** By job and wallet. */
  readonly stakes = new Amounts();
  /** By token and account: of keepers, provers and sponsors. Members' pay is in their jobs until they claim it. */
  readonly credits = new Amounts();
  /** By token. */
  readonly burned = new Amounts();
  readonly #registry: Operators;
  readonly #log: EventLog;
  readonly #books = new Map<Address, Book>();
  readonly #withdrawableAt = new Map<string, number>();

  constructor(registry: Operators, log = new EventLog()) {
    this.#registry = registry;
    this.#log = log;
  }

  mark(): Undo {
    const amounts = [this.balances, this.stakes, this.credits, this.burned].map((each) => each.mark());
    return allOf(...amounts, markMap(this.#books), markMap(this.#withdrawableAt));
  }

  poolOf(job: Address): bigint {
    return this.#book(job).pool;
  }

  escrowedFor(job: Address): bigint {
    return this.#book(job).escrowed;
  }

  flowsOf(job: Address): readonly Flow[] {
    return this.#book(job).flows;
  }

  /** When a stake can be withdrawn, in seconds; 0 while it is not unbonding. */
  withdrawableAt(job: Address, wallet: Address): number {
    return this.#withdrawableAt.get(`${job},${wallet}`) ?? 0;
  }

  /** All that the treasury holds, of every token. */
  held(): bigint {
    const pools = [...this.#books.values()].reduce((total, { pool }) => total + pool, 0n);
    return this.stakes.sum() + this.credits.sum() + this.burned.sum() + pools;
  }

  openJob(job: Address, sponsor: Address, token: Address, stakeToken: Address, pool: bigint): void {
    this.#take(token, sponsor, pool);
    this.#log.emit(job, "JobOpened", { sponsor, token, stakeToken, pool });
    this.#books.set(job, { token, stakeToken, escrowed: pool, pool, slashed: 0n, closed: false, flows: [] });
  }

  lock(job: Address, wallet: Address, amount: bigint): void {
    this.#take(this.#book(job).stakeToken, wallet, amount);
    this.stakes.add(amount, job, wallet);
    this.#log.emit(job, "StakeLocked", { wallet, amount });
  }

  unbond(job: Address, wallet: Address, time: number): void {
    const key = `${job},${wallet}`;
    if (this.#withdrawableAt.has(key)) return;
    this.#withdrawableAt.set(key, time);
    const amount = this.stakes.of(job, wallet);
    this.#log.emit(job, "StakeUnbonding", { wallet, amount, withdrawableAt: BigInt(time) });
  }

  /** Takes up to `amount` of a stake. @returns what was there */
  slash(job: Address, wallet: Address, amount: bigint, rewarded: Address | undefined, reward: bigint): bigint {
    const book = this.#book(job);
    const taken = least(amount, this.stakes.of(job, wallet));
    const given = rewarded === undefined ? 0n : least(reward, taken / 2n);
    this.stakes.add(-taken, job, wallet);
    book.flows.push({ kind: "slashed", account: wallet, amount: taken });
    if (rewarded !== undefined && given > 0n) {
      this.#credit(job, book.stakeToken, rewarded, given);
      book.flows.push({ kind: "rewarded", account: rewarded, amount: given });
    }
    this.#keepSlashed(book, wallet, taken - given);
    this.#log.emit(job, "StakeSlashed", { wallet, taken, rewarded: rewarded ?? NOBODY, reward: given });
    return taken;
  }

  pay(job: Address, payments: readonly (readonly [account: Address, amount: bigint])[]): void {
    const book = this.#book(job);
    for (const [account, amount] of payments) {
      this.#takeFromPool(job, amount);
      this.#credit(job, book.token, account, amount);
      book.flows.push({ kind: "kept", account, amount });
    }
  }

  /** What a member has earned, to its payout address. */
  payOut(job: Address, wallet: Address, amount: bigint): void {
    const book = this.#book(job);
    this.#takeFromPool(job, amount);
    const to = this.#registry.payoutOf(wallet);
    this.balances.add(amount, book.token, to);
    book.flows.push({ kind: "claimed", account: wallet, amount });
    this.#log.emit(job, "PaidOut", { wallet, to, amount });
  }

  forfeit(job: Address, wallet: Address, amount: bigint): void {
    const book = this.#book(job);
    this.#takeFromPool(job, amount);
    this.burned.add(amount, book.token);
    book.flows.push({ kind: "forfeited", account: wallet, amount });
    this.#log.emit(job, "Forfeited", { amount });
  }

  /** @param owed to members; stays in the pool @returns what the sponsor gets back */
  refund(job: Address, sponsor: Address, owed: bigint): bigint {
    const book = this.#book(job);
    const left = book.pool - owed;
    const burned = least(book.slashed, left);
    [book.pool, book.closed] = [owed, true];
    this.burned.add(burned, book.token);
    this.#credit(job, book.token, sponsor, left - burned);
    book.flows.push({ kind: "refunded", account: sponsor, amount: left - burned });
    book.flows.push({ kind: "burned", account: sponsor, amount: burned });
    this.#log.emit(job, "Refunded", { sponsor, amount: left - burned, burned });
    return left - burned;
  }

  claim(token: Address, account: Address): bigint {
    const amount = this.credits.of(token, account);
    if (amount === 0n) revert("NothingToClaim", account);
    this.credits.add(-amount, token, account);
    this.balances.add(amount, token, this.#registry.payoutOf(account));
    return amount;
  }

  /** @param isDrawn whether the wallet trains or sits in the running round */
  withdraw(job: Address, wallet: Address, now: number, isDrawn: boolean): bigint {
    const amount = this.stakes.of(job, wallet);
    if (amount === 0n) revert("NothingToWithdraw", job, wallet);
    const time = this.withdrawableAt(job, wallet);
    if (time === 0 || now < time) revert("StillBonded", job, wallet, time);
    if (isDrawn) revert("StillDrawn", job, wallet);
    this.stakes.add(-amount, job, wallet);
    this.balances.add(amount, this.#book(job).stakeToken, this.#registry.payoutOf(wallet));
    this.#log.emit(job, "StakeWithdrawn", { wallet, amount });
    return amount;
  }

  #credit(job: Address, token: Address, account: Address, amount: bigint): void {
    if (amount === 0n) return;
    this.credits.add(amount, token, account);
    this.#log.emit(job, "Credited", { account, token, amount });
  }

  /** To the pool, where it is the pool's token and the pool has not ended. */
  #keepSlashed(book: Book, wallet: Address, amount: bigint): void {
    if (book.token !== book.stakeToken || book.closed) {
      this.burned.add(amount, book.stakeToken);
      return;
    }
    book.pool += amount;
    book.slashed += amount;
    book.flows.push({ kind: "slashed-into-pool", account: wallet, amount });
  }

  #takeFromPool(job: Address, amount: bigint): void {
    const book = this.#book(job);
    if (amount > book.pool) revert("PoolTooSmall", job, book.pool, amount);
    book.pool -= amount;
  }

  #book(job: Address): Book {
    return this.#books.get(job) ?? revert("OnlyJob", job);
  }

  #take(token: Address, from: Address, amount: bigint): void {
    const balance = this.balances.of(token, from);
    if (balance < amount) revert("ERC20InsufficientBalance", from, balance, amount);
    this.balances.add(-amount, token, from);
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
