import { fromHex, type Address } from "../../core/bytes.ts";
import { signDigest } from "../../core/signature.ts";
import { registrationDigest } from "../../core/typedData.ts";
import { joinJob, transfer, type Deployment } from "../../chain/accounts.ts";
import type { Endpoint } from "../../chain/endpoint.ts";
import { readRegistrationNonce, register } from "../../chain/registration.ts";
import { createSender, type Sender } from "../../chain/sender.ts";
import type { JobTerms } from "../../core/jobTerms.ts";
import type { SimulatedAccount } from "../../simulation/accounts.ts";

/** Coin for gas, in wei: enough for some hundred rounds. */
const GAS_MONEY = 10n ** 18n;

/** Gives every account gas money, and every wallet its stake. */
export async function fundAccounts(
  sponsor: Sender,
  token: Address,
  stake: bigint,
  accounts: readonly SimulatedAccount[],
): Promise<void> {
  for (const { wallet, operator } of accounts) {
    await Promise.all([
      sponsor.pay(wallet, GAS_MONEY),
      sponsor.pay(operator, GAS_MONEY),
      transfer(sponsor, token, wallet, stake),
    ]);
  }
}

/** Registers each operator with its consent and joins the job, in the order given, so that member ids follow it. */
export async function enrol(
  endpoint: Endpoint,
  deployment: Deployment,
  job: Address,
  terms: JobTerms,
  accounts: readonly SimulatedAccount[],
): Promise<void> {
  for (const account of accounts)
    await joinJob(await registerOperator(endpoint, deployment, account), deployment, job, terms);
}

/** Registers an operator with its consent. @returns what sends for its wallet */
export async function registerOperator(
  endpoint: Endpoint,
  { chainId, registry }: Deployment,
  { wallet, walletKey, operator, operatorKey }: SimulatedAccount,
): Promise<Sender> {
  const sender = createSender(endpoint, walletKey);
  const nonce = await readRegistrationNonce(endpoint, registry, wallet);
  const digest = registrationDigest({ chainId, registry }, { wallet, operator, nonce });
  await register(sender, registry, operator, signDigest(digest, fromHex(operatorKey)));
  return sender;
}
