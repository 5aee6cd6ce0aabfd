import type { Abi } from "viem";
import type { Address, Hex } from "../core/bytes.ts";
import { registryAbi } from "./abi.ts";
import type { Receipt } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Sender } from "./sender.ts";

/** What wallets tell the registry: which operator serves them, and where their pay goes. */

const lower = (address: string): Address => address.toLowerCase() as Address;
const orNone = (address: string): Address | undefined => (BigInt(address) === 0n ? undefined : lower(address));

/** What the operator's next consent, to register or to rotate, must be signed with. */
export function readRegistrationNonce({ client }: Endpoint, registry: Address, wallet: Address): Promise<bigint> {
  return client.readContract({ address: registry, abi: registryAbi, functionName: "nonces", args: [wallet] });
}

/** The operator that serves `wallet`, undefined for none. */
export async function readOperator(
  { client }: Endpoint,
  registry: Address,
  wallet: Address,
): Promise<Address | undefined> {
  const contract = { address: registry, abi: registryAbi } as const;
  return orNone(await client.readContract({ ...contract, functionName: "operatorOf", args: [wallet] }));
}

/** The wallet that `operator` serves or has served, undefined for none. */
export async function readWallet(
  { client }: Endpoint,
  registry: Address,
  operator: Address,
): Promise<Address | undefined> {
  const contract = { address: registry, abi: registryAbi } as const;
  return orNone(await client.readContract({ ...contract, functionName: "walletOf", args: [operator] }));
}

/** Where claims and stake of `wallet` are sent. */
export async function readPayout({ client }: Endpoint, registry: Address, wallet: Address): Promise<Address> {
  const contract = { address: registry, abi: registryAbi } as const;
  return lower(await client.readContract({ ...contract, functionName: "payoutOf", args: [wallet] }));
}

/** @param consent the operator's, see `registrationDigest` */
export function register(wallet: Sender, registry: Address, operator: Address, consent: Hex): Promise<Receipt> {
  return call(wallet, registry, "register", operator, consent);
}

/** Replaces the wallet's operator; jobs follow at their next draw, once they are told. @param consent the new operator's */
export function rotate(wallet: Sender, registry: Address, operator: Address, consent: Hex): Promise<Receipt> {
  return call(wallet, registry, "rotate", operator, consent);
}

/** Ends the wallet's registration. */
export function exit(wallet: Sender, registry: Address): Promise<Receipt> {
  return call(wallet, registry, "exit");
}

/** @param payout where what is claimed and withdrawn goes from now on */
export function setPayout(wallet: Sender, registry: Address, payout: Address): Promise<Receipt> {
  return call(wallet, registry, "setPayout", payout);
}

function call(wallet: Sender, registry: Address, functionName: string, ...args: readonly unknown[]): Promise<Receipt> {
  return wallet.send({ address: registry, abi: registryAbi as Abi, functionName, args });
}
