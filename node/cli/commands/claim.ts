import { Option, type Command } from "commander";
import { claimFor, claimPay, readCredit, readMembership, readToken, type TokenInfo } from "../../chain/accounts.ts";
import { readPayout } from "../../chain/registration.ts";
import type { Sender } from "../../chain/sender.ts";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { homeIfAny, openJob, openWallet, withChainAccess, type ChainAccess, type JobAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { addresses, anAddress, DEFAULT_HOME, withChain, withWallet } from "../options.ts";
import type { ChainOptions, WalletOptions } from "../options.ts";
import { formatUnits, table, type Outcome } from "../output.ts";
import { withdrawUnbonded } from "../withdrawal.ts";

interface ClaimOptions extends ChainOptions, WalletOptions {
  readonly home: string;
  readonly for?: Address;
  readonly token?: Address;
  readonly stake?: boolean;
  readonly job?: readonly Address[];
}

export function define(command: Command): void {
  withWallet(withChain(command))
    .addOption(
      new Option(
        "--job <addresses>",
        "jobs to claim a member's pay from, separated by commas (default: the home's)",
      ).argParser(addresses),
    )
    .addOption(
      new Option(
        "--for <wallet>",
        "pay out what this wallet is owed, to where it wants it; --wallet only pays the gas",
      ).argParser(anAddress),
    )
    .addOption(
      new Option(
        "--token <address>",
        "token of the credits of keepers, provers and sponsors (default: the deployment's and the jobs')",
      ).argParser(anAddress),
    )
    .option("--stake", "withdraw the stake instead, once it has unbonded after `paceline job leave` or the job's end")
    .addOption(new Option("--home <dir>", "the home that knows the job").default(DEFAULT_HOME));
  acts<ClaimOptions>(command, "paceline claim --wallet wallet.json", claim);
}

function claim(options: ClaimOptions): Promise<Outcome> {
  if (options.stake === true && options.for !== undefined) {
    throw new PacelineError(
      "bad-input",
      "--stake and --for do not go together: only the wallet itself can withdraw its stake",
    );
  }
  const home = homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const known = (home?.config.jobs ?? []).map(({ address }) => address);
    const jobs = await Promise.all((options.job ?? known).map((job) => openJob(chain, job)));
    const wallet = await openWallet(options, chain.endpoint);
    return options.stake === true ? withdrawUnbonded(chain, wallet, jobs) : claimAll(chain, wallet, jobs, options);
  });
}

/** What was sent out of a job's pool or of the treasury's credits. */
interface Claimed {
  readonly from: string;
  readonly amount: bigint;
  readonly token: TokenInfo;
}

async function claimAll(
  chain: ChainAccess,
  wallet: Sender,
  jobs: readonly JobAccess[],
  options: ClaimOptions,
): Promise<Outcome> {
  const account = options.for ?? wallet.address;
  const claimed = [
    ...(await claimEarned(chain, wallet, jobs, account)),
    ...(await claimCredits(chain, wallet, tokensOf(chain, jobs, options.token), account)),
  ];
  if (claimed.length === 0) {
    const where = jobs.length > 0 ? "" : "; to claim a member's pay, give --job";
    throw new PacelineError(
      "not-found",
      `there is nothing to claim for ${account}: pay comes with every settled round${where}`,
    );
  }
  const paidTo = await readPayout(chain.endpoint, chain.deployment.registry, account);
  const parts = claimed.map(({ from, amount, token }) => ({
    from,
    amount: formatUnits(amount, token.decimals),
    token: token.address,
    symbol: token.symbol,
  }));
  const rows = parts.map(({ from, amount, symbol }): [string, string] => [from, `${amount} ${symbol}`]);
  return { data: { account, paidTo, claimed: parts }, text: table([["paid to", paidTo], ...rows]) };
}

/** A member's pay stays in its job until it is claimed there. */
async function claimEarned(
  { endpoint }: ChainAccess,
  wallet: Sender,
  jobs: readonly JobAccess[],
  account: Address,
): Promise<Claimed[]> {
  const claimed: Claimed[] = [];
  for (const { job, terms } of jobs) {
    const membership = await readMembership(endpoint, job, account);
    if (membership === undefined || membership.member.credit === 0n) continue;
    await claimPay(wallet, job, membership.memberId);
    claimed.push({ from: job, amount: membership.member.credit, token: await readToken(endpoint, terms.token) });
  }
  return claimed;
}

async function claimCredits(
  { endpoint, deployment }: ChainAccess,
  wallet: Sender,
  tokens: readonly Address[],
  account: Address,
): Promise<Claimed[]> {
  const claimed: Claimed[] = [];
  for (const token of tokens) {
    const amount = await readCredit(endpoint, deployment.treasury, token, account);
    if (amount === 0n) continue;
    await claimFor(wallet, deployment.treasury, token, account);
    claimed.push({ from: "treasury", amount, token: await readToken(endpoint, token) });
  }
  return claimed;
}

function tokensOf({ token }: ChainAccess, jobs: readonly JobAccess[], named: Address | undefined): Address[] {
  if (named !== undefined) return [named];
  return [...new Set([token.address, ...jobs.flatMap(({ terms }) => [terms.token, terms.stakeToken])])];
}
