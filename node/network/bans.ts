import type { Address } from "../core/bytes.ts";

/** How long an operator is kept out, in milliseconds: longer than what it did is remembered in its score. */
export const BAN_MS = 10 * 60_000;
const MAX_BANNED = 4_096;

/** Operators that are kept out for a while. */
export class Bans {
  readonly #now: () => number;
  readonly #until = new Map<Address, number>();

  /** @param now milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  ban(operator: Address): void {
    this.#until.delete(operator);
    this.#until.set(operator, this.#now() + BAN_MS);
    if (this.#until.size > MAX_BANNED) this.#until.delete(this.#until.keys().next().value as Address);
  }

  isBanned(operator: Address): boolean {
    const until = this.#until.get(operator);
    if (until === undefined) return false;
    if (this.#now() < until) return true;
    this.#until.delete(operator);
    return false;
  }
}
