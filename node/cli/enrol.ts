import type { Address, Hex } from "../core/bytes.ts";
import { signDigest } from "../core/signature.ts";
import { registrationDigest } from "../core/typedData.ts";
import { PacelineError } from "../core/errors.ts";
import { joinJob, readBalances, readRegistrationNonce } from "../chain/accounts.ts";
import type { Sender } from "../chain/sender.ts";
import type { Home } from "../daemon/home.ts";
import { openKeystore } from "../daemon/keystore.ts";
import type { ChainAccess, JobAccess } from "./chainAccess.ts";
import { formatUnits } from "./output.ts";
import { operatorPassword, readPassword } from "./password.ts";

/** The home's operator agrees to serve `wallet`: an EIP-712 signature that the wallet's next registration must carry. */
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

/** Joins, after a look at what the wallet has: the contract's own refusal would not say what is missing. */
export async function joinWithStake(
  { endpoint, deployment, token }: ChainAccess,
  { job, terms }: JobAccess,
  wallet: Sender,
): Promise<number> {
  const { token: held } = await readBalances(endpoint, deployment.treasury, job, terms.stakeToken, wallet.address);
  if (held < terms.stake) {
    const amount = (value: bigint): string => `${formatUnits(value, token.decimals)} ${token.symbol}`;
    throw new PacelineError(
      "insufficient-funds",
      `the wallet ${wallet.address} has ${amount(held)}, the job's stake is ${amount(terms.stake)}: send it the rest first`,
    );
  }
  const { blockNumber } = await joinJob(wallet, deployment, job, terms);
  return blockNumber;
}
