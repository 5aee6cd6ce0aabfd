import type { Address, Hex } from "../../core/bytes.ts";
import { recoverSigner } from "../../core/signature.ts";
import { registrationDigest } from "../../core/typedData.ts";
import { revert, type Block } from "./block.ts";
import { allOf, markMap, type Undo } from "./mark.ts";

const MAX_CONTACT_BYTES = 512;

/** What jobs and the treasury ask of the registry. */
export interface Operators {
  operatorOf(wallet: Address): Address | undefined;
  /** The wallet that `operator` serves or has served. */
  walletOf(operator: Address): Address | undefined;
  payoutOf(wallet: Address): Address;
}

/** `contracts/Registry.sol`: wallets, their operators, where these can be dialled, and where pay goes. */
export class MemoryRegistry implements Operators {
  readonly address: Address;
  readonly #chainId: number;
  readonly #operators = new Map<Address, Address>();
  /** Never cleared. */
  readonly #wallets = new Map<Address, Address>();
  readonly #contacts = new Map<Address, string>();
  readonly #payouts = new Map<Address, Address>();
  readonly #nonces = new Map<Address, bigint>();

  constructor(chainId: number, address: Address) {
    this.#chainId = chainId;
    this.address = address;
  }

  mark(): Undo {
    const addresses = [this.#operators, this.#wallets, this.#payouts].map(markMap);
    return allOf(...addresses, markMap(this.#contacts), markMap(this.#nonces));
  }

  operatorOf(wallet: Address): Address | undefined {
    return this.#operators.get(wallet);
  }

  walletOf(operator: Address): Address | undefined {
    return this.#wallets.get(operator);
  }

  isServing(operator: Address): boolean {
    const wallet = this.#wallets.get(operator);
    return wallet !== undefined && this.#operators.get(wallet) === operator;
  }

  payoutOf(wallet: Address): Address {
    return this.#payouts.get(wallet) ?? wallet;
  }

  contactOf(operator: Address): string | undefined {
    return this.#contacts.get(operator);
  }

  /** Of the wallet's next consent. */
  nonceOf(wallet: Address): bigint {
    return this.#nonces.get(wallet) ?? 0n;
  }

  register({ sender }: Block, operator: Address, consent: Hex): void {
    const known = this.#operators.get(sender);
    if (known !== undefined) revert("WalletAlreadyRegistered", sender, known);
    this.#requireConsent(sender, operator, consent);
    this.#bind(sender, operator);
  }

  rotate({ sender }: Block, operator: Address, consent: Hex): void {
    if (!this.#operators.has(sender)) revert("WalletNotRegistered", sender);
    this.#requireConsent(sender, operator, consent);
    this.#retire(sender);
    this.#bind(sender, operator);
  }

  exit({ sender }: Block): void {
    if (!this.#operators.has(sender)) revert("WalletNotRegistered", sender);
    this.#retire(sender);
  }

  setPayout({ sender }: Block, payout: Address): void {
    this.#payouts.set(sender, payout);
  }

  setContact({ sender }: Block, contact: string): void {
    if (!this.isServing(sender)) revert("NotAnOperator", sender);
    const length = new TextEncoder().encode(contact).length;
    if (length > MAX_CONTACT_BYTES) revert("ContactTooLong", length, MAX_CONTACT_BYTES);
    this.#contacts.set(sender, contact);
  }

  #requireConsent(wallet: Address, operator: Address, consent: Hex): void {
    const other = this.#wallets.get(operator);
    if (other !== undefined) revert("OperatorAlreadyUsed", operator, other);
    const domain = { chainId: this.#chainId, registry: this.address };
    const digest = registrationDigest(domain, { wallet, operator, nonce: this.nonceOf(wallet) });
    const signer = recoverSigner(digest, consent);
    if (signer !== operator) revert("BadOperatorConsent", operator, signer);
  }

  #bind(wallet: Address, operator: Address): void {
    this.#nonces.set(wallet, this.nonceOf(wallet) + 1n);
    this.#operators.set(wallet, operator);
    this.#wallets.set(operator, wallet);
  }

  #retire(wallet: Address): void {
    this.#contacts.delete(this.#operators.get(wallet)!);
    this.#operators.delete(wallet);
  }
}
