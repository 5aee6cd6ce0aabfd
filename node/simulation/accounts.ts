import { hkdfSync } from "node:crypto";
import { toHex, type Address, type Hex } from "../core/bytes.ts";
import { addressOfPrivateKey } from "../core/signature.ts";

/** The keys of one simulated participant: made from the seed, so that a run can be repeated. Never for real money. */
export interface SimulatedAccount {
  readonly name: string;
  readonly walletKey: Hex;
  readonly wallet: Address;
  readonly operatorKey: Hex;
  readonly operator: Address;
}

export function simulatedAccounts(count: number, seed: number): SimulatedAccount[] {
  const derive = (role: string, index: number): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", `paceline simulation ${seed}`, "", `${role} ${index}`, 32));
  return Array.from({ length: count }, (_, index) => {
    const wallet = derive("wallet", index);
    const operator = derive("operator", index);
    return {
      name: `p${index + 1}`,
      walletKey: toHex(wallet),
      wallet: addressOfPrivateKey(wallet),
      operatorKey: toHex(operator),
      operator: addressOfPrivateKey(operator),
    };
  });
}
