import type { Address, Hex } from "../../core/bytes.ts";
import { recoverSigner } from "../../core/signature.ts";
import { registrationDigest } from "../../core/typedData.ts";
import { revert, type Block } from "./block.ts";

const MAX_CONTACT_BYTES = 512;

/** `contracts/Registry.sol`: wallets, their operators and where these can be dialled. */
export class MemoryRegistry {
  readonly address: Address;
  readonly #chainId: number;
  readonly #operators = new Map<Address, Address>();
  readonly #wallets = new Map<Address, Address>();
  readonly #contacts = new Map<Address, string>();

  constructor(chainId: number, address: Address) {
    this.#chainId = chainId;
    this.address = address;
  }

  operatorOf(wallet: Address): Address | undefined {
    return this.#operators.get(wallet);
  }

  walletOf(operator: Address): Address | undefined {
    return this.#wallets.get(operator);
  }

  contactOf(operator: Address): string | undefined {
    return this.#contacts.get(operator);
  }

  /** A wallet registers once, so the nonce of its consent is 0. */
  register({ sender }: Block, operator: Address, consent: Hex): void {
    const known = this.#operators.get(sender);
    if (known !== undefined) revert("WalletAlreadyRegistered", sender, known);
    const other = this.#wallets.get(operator);
    if (other !== undefined) revert("OperatorAlreadyUsed", operator, other);
    const domain = { chainId: this.#chainId, registry: this.address };
    const signer = recoverSigner(registrationDigest(domain, { wallet: sender, operator, nonce: 0n }), consent);
    if (signer !== operator) revert("BadOperatorConsent", operator, signer);
    this.#operators.set(sender, operator);
    this.#wallets.set(operator, sender);
  }

  setContact({ sender }: Block, contact: string): void {
    if (!this.#wallets.has(sender)) revert("NotAnOperator", sender);
    const length = new TextEncoder().encode(contact).length;
    if (length > MAX_CONTACT_BYTES) revert("ContactTooLong", length, MAX_CONTACT_BYTES);
    this.#contacts.set(sender, contact);
  }
}
