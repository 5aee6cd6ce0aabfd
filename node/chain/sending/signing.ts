import { keccak256, type PrivateKeyAccount } from "viem";
import { ZERO_WORD, type Address, type Hex } from "../../core/bytes.ts";
import type { Fees, PendingTransaction } from "./outbox.ts";

/** Versions of a transaction: each signs the same nonce, and the chain takes one. */

/** Of a payment to oneself of nothing, which uses up a nonce for the least gas. */
const CANCEL_GAS = 21_000n;

/** A call that is to be signed for the first time. */
export type Draft = Pick<
  PendingTransaction,
  | "nonce"
  | "key"
  | "name"
  | "to"
  | "data"
  | "value"
  | "gas"
  | "fees"
  | "firstSent"
  | "lastSent"
  | "sentAtBlock"
  | "wantedUntil"
>;

export class Signer {
  readonly address: Address;
  readonly #account: PrivateKeyAccount;
  readonly #chainId: number;

  constructor(account: PrivateKeyAccount, chainId: number) {
    this.#account = account;
    this.#chainId = chainId;
    this.address = account.address.toLowerCase() as Address;
  }

  async call(draft: Draft): Promise<PendingTransaction> {
    const raw = await this.#sign(draft);
    return { ...draft, raw, hashes: [keccak256(raw)], cancelHashes: [] };
  }

  /** The same call at other fees. */
  async replacement(before: PendingTransaction, fees: Fees, now: number, head: number): Promise<PendingTransaction> {
    const raw = await this.#sign({ ...before, fees });
    const next = { ...before, fees, raw, hashes: [...before.hashes, keccak256(raw)] };
    return { ...next, lastSent: now, sentAtBlock: head };
  }

  /** What takes the place of a call that nobody wants any more. */
  async cancellation(before: PendingTransaction, fees: Fees, now: number, head: number): Promise<PendingTransaction> {
    const raw = await this.#sign({ nonce: before.nonce, fees, ...this.#nothing });
    const next = { ...before, fees, raw, cancelHashes: [...before.cancelHashes, keccak256(raw)] };
    return { ...next, lastSent: now, sentAtBlock: head };
  }

  /** Uses up a nonce that nothing is known of, so that later ones can land. */
  async filler(nonce: number, fees: Fees, now: number, head: number): Promise<PendingTransaction> {
    const nothing = this.#nothing;
    const raw = await this.#sign({ nonce, fees, ...nothing });
    const times = { firstSent: now, lastSent: now, sentAtBlock: head };
    return {
      nonce,
      key: ZERO_WORD,
      name: "nothing",
      ...nothing,
      fees,
      raw,
      hashes: [],
      cancelHashes: [keccak256(raw)],
      ...times,
    };
  }

  get #nothing(): Pick<PendingTransaction, "to" | "data" | "value" | "gas"> {
    return { to: this.address, data: "0x", value: 0n, gas: CANCEL_GAS };
  }

  #sign({
    nonce,
    to,
    data,
    value,
    gas,
    fees,
  }: Pick<PendingTransaction, "nonce" | "to" | "data" | "value" | "gas" | "fees">): Promise<Hex> {
    return this.#account.signTransaction({
      type: "eip1559",
      chainId: this.#chainId,
      nonce,
      to,
      data,
      value,
      gas,
      ...fees,
    });
  }
}
