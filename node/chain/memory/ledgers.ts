import type { Address } from "../../core/bytes.ts";
import { revert } from "./block.ts";

/** Amounts by account, in wei; zero where there is none. */
export class Amounts {
  readonly #amounts = new Map<string, bigint>();

  of(...key: readonly Address[]): bigint {
    return this.#amounts.get(key.join()) ?? 0n;
  }

  add(amount: bigint, ...key: readonly Address[]): void {
    this.#amounts.set(key.join(), this.of(...key) + amount);
  }

  sum(): bigint {
    return [...this.#amounts.values()].reduce((total, amount) => total + amount, 0n);
  }
}

interface Book {
  readonly token: Address;
  readonly stakeToken: Address;
  readonly sponsor: Address;
  pool: bigint;
}

/** Tokens and what `contracts/Treasury.sol` holds of them: stakes, pools and credits. */
export class Ledgers {
  /** By token and account, outside of the treasury. Nobody needs to approve anything. */
  readonly balances = new Amounts();
  /** By job and wallet. */
  readonly stakes = new Amounts();
  /** By token and account. */
  readonly credits = new Amounts();
  /** By token. */
  readonly burned = new Amounts();
  readonly #books = new Map<Address, Book>();
  readonly #withdrawableAt = new Map<string, number>();

  poolOf(job: Address): bigint {
    return this.#book(job).pool;
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
    this.#books.set(job, { token, stakeToken, sponsor, pool });
  }

  lock(job: Address, wallet: Address, amount: bigint): void {
    this.#take(this.#book(job).stakeToken, wallet, amount);
    this.stakes.add(amount, job, wallet);
  }

  unbond(job: Address, wallet: Address, time: number): void {
    const key = `${job},${wallet}`;
    if (!this.#withdrawableAt.has(key)) this.#withdrawableAt.set(key, time);
  }

  /** Takes up to `amount` of a stake. @returns what was there */
  slash(job: Address, wallet: Address, amount: bigint, rewarded: Address | undefined, reward: bigint): bigint {
    const book = this.#book(job);
    const stake = this.stakes.of(job, wallet);
    const taken = amount < stake ? amount : stake;
    const given = rewarded === undefined ? 0n : reward < taken / 2n ? reward : taken / 2n;
    this.stakes.add(-taken, job, wallet);
    if (rewarded !== undefined) this.credits.add(given, book.stakeToken, rewarded);
    if (book.token === book.stakeToken) book.pool += taken - given;
    else this.burned.add(taken - given, book.stakeToken);
    return taken;
  }

  pay(job: Address, payments: readonly (readonly [account: Address, amount: bigint])[]): void {
    const book = this.#book(job);
    const sum = payments.reduce((total, [, amount]) => total + amount, 0n);
    if (sum > book.pool) revert("PoolTooSmall", job, book.pool, sum);
    for (const [account, amount] of payments) this.credits.add(amount, book.token, account);
    book.pool -= sum;
  }

  refund(job: Address): void {
    const book = this.#book(job);
    this.credits.add(book.pool, book.token, book.sponsor);
    book.pool = 0n;
  }

  claim(token: Address, account: Address): bigint {
    const amount = this.credits.of(token, account);
    if (amount === 0n) revert("NothingToClaim", account);
    this.credits.add(-amount, token, account);
    this.balances.add(amount, token, account);
    return amount;
  }

  withdraw(job: Address, wallet: Address, now: number): bigint {
    const amount = this.stakes.of(job, wallet);
    if (amount === 0n) revert("NothingToWithdraw", job, wallet);
    const time = this.withdrawableAt(job, wallet);
    if (time === 0 || now < time) revert("StillBonded", job, wallet, time);
    this.stakes.add(-amount, job, wallet);
    this.balances.add(amount, this.#book(job).stakeToken, wallet);
    return amount;
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
