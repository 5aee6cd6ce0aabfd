import type { Address, Hex } from "../core/bytes.ts";
import { signDigest } from "../core/signature.ts";
import { registrationDigest } from "../core/typedData.ts";
import { PacelineError } from "../core/errors.ts";
import { joinJob, readHeld } from "../chain/accounts.ts";
import { readRegistrationNonce } from "../chain/registration.ts";
import type { Sender } from "../chain/sender.ts";
import type { Home } from "../daemon/home/home.ts";
import { openKeystore } from "../daemon/home/keystore.ts";
import type { ChainAccess, JobAccess } from "./chainAccess.ts";
import { formatUnits } from "./output.ts";
import { operatorPassword, readPassword } from "./password.ts";

/** The home's operator agrees to serve `wallet`: an EIP-712 signature that its next registration or rotation must carry. */
export async function consentFor(
  { endpoint, deployment }: ChainAccess,
  home: Home,
  wallet: Address,
  passwordFile: string | undefined,
): Promise<Hex> {
  const { chainId, registry } = deployment;
  const nonce = await readRegistrationNonce(endpoint, registry, wallet);
  const key = await openKeystore(home.keystore, await readPassword(operatorPassword(passwordFile)));
  return signDigest(registrationDigest({ chainId, registry }, { wallet, operator: home.config.operator, nonce }), key);
}

/**
 * Joins, after a look at what the wallet has: the contract's own refusal would not say what is missing.
 * @param amount of stake to lock; the least one if not given
 */
export async function joinWithStake(
  { endpoint, deployment, token }: ChainAccess,
  { job, terms }: JobAccess,
  wallet: Sender,
  amount = terms.stake,
): Promise<number> {
  const units = (value: bigint): string => `${formatUnits(value, token.decimals)} ${token.symbol}`;
  if (amount < terms.stake)
    throw new PacelineError("bad-input", `the job's least stake is ${units(terms.stake)}, not ${units(amount)}`);
  const held = await readHeld(endpoint, terms.stakeToken, wallet.address);
  if (held < amount) {
    throw new PacelineError(
      "insufficient-funds",
      `the wallet ${wallet.address} has ${units(held)}, the stake is ${units(amount)}: send it the rest first`,
    );
  }
  const { blockNumber } = await joinJob(wallet, deployment, job, terms, amount);
  return blockNumber;
}
