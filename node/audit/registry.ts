import type { Operators } from "../chain/memory/registry.ts";
import type { Address } from "../core/bytes.ts";
import type { RegistryChange } from "./record.ts";

const NOBODY: Address = `0x${"00".repeat(20)}`;

/** The registry as its log tells of it: consents were checked by the contract. */
export class ReplayedRegistry implements Operators {
  readonly #operators = new Map<Address, Address>();
  /** Never cleared. */
  readonly #wallets = new Map<Address, Address>();
  readonly #payouts = new Map<Address, Address>();

  operatorOf(wallet: Address): Address | undefined {
    return this.#operators.get(wallet);
  }

  walletOf(operator: Address): Address | undefined {
    return this.#wallets.get(operator);
  }

  payoutOf(wallet: Address): Address {
    const payout = this.#payouts.get(wallet);
    return payout === undefined || payout === NOBODY ? wallet : payout;
  }

  apply({ name, wallet, account }: RegistryChange): void {
    if (name === "Exited") this.#operators.delete(wallet);
    if (account === undefined) return;
    if (name === "PayoutSet") this.#payouts.set(wallet, account);
    else {
      this.#operators.set(wallet, account);
      this.#wallets.set(account, wallet);
    }
  }
}
