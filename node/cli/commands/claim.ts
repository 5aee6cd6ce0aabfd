import { Option, type Command } from "commander";
import { claim as sendClaim, claimFor, readBalances, readCredit, withdrawStake } from "../../chain/accounts.ts";
import type { Sender } from "../../chain/sender.ts";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { homeIfAny, openJob, openWallet, withChainAccess, type ChainAccess, type JobAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { anAddress, DEFAULT_HOME, withChain, withWallet, type ChainOptions, type WalletOptions } from "../options.ts";
import { formatTime, formatUnits, table, type Outcome } from "../output.ts";

interface ClaimOptions extends ChainOptions, WalletOptions {
  readonly home: string;
  readonly for?: Address;
  readonly token?: Address;
  readonly stake?: boolean;
  readonly job?: Address;
}

export function define(command: Command): void {
  withWallet(withChain(command))
    .addOption(
      new Option(
        "--for <wallet>",
        "pay out this wallet's credits, to that wallet; --wallet only pays the gas",
      ).argParser(anAddress),
    )
    .addOption(new Option("--token <address>", "the credits' token (default: the deployment's)").argParser(anAddress))
    .option("--stake", "withdraw the stake instead, once it has unbonded after `paceline job leave` or the job's end")
    .addOption(new Option("--job <address>", "with --stake: the job (default: the home's)").argParser(anAddress))
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
    const job = options.stake === true ? await openJob(chain, options.job, home) : undefined;
    const wallet = await openWallet(options, chain.endpoint);
    return job === undefined ? claimCredits(chain, wallet, options) : withdraw(chain, wallet, job);
  });
}

async function claimCredits(
  { endpoint, deployment, token }: ChainAccess,
  wallet: Sender,
  options: ClaimOptions,
): Promise<Outcome> {
  const of = options.token ?? token.address;
  const account = options.for ?? wallet.address;
  const credit = await readCredit(endpoint, deployment.treasury, of, account);
  if (credit === 0n)
    throw new PacelineError(
      "not-found",
      `there is nothing to claim for ${account}: credits come with every settled round`,
    );
  if (options.for === undefined) await sendClaim(wallet, deployment.treasury, of);
  else await claimFor(wallet, deployment.treasury, of, options.for);
  const claimed = formatUnits(credit, token.decimals);
  return {
    data: { account, claimed, token: of },
    text: table([
      ["paid to", account],
      ["amount", `${claimed} ${token.symbol}`],
    ]),
  };
}

async function withdraw(
  { endpoint, deployment, token }: ChainAccess,
  wallet: Sender,
  { job, terms }: JobAccess,
): Promise<Outcome> {
  const { stake, withdrawableAt } = await readBalances(
    endpoint,
    deployment.treasury,
    job,
    terms.stakeToken,
    wallet.address,
  );
  if (stake === 0n) throw new PacelineError("not-found", `${wallet.address} has no stake in ${job}`);
  if (withdrawableAt === 0)
    throw new PacelineError(
      "rejected",
      `the stake in ${job} is still locked: leave the job first with \`paceline job leave\``,
    );
  const now = Number((await endpoint.client.getBlock()).timestamp);
  if (now < withdrawableAt)
    throw new PacelineError(
      "rejected",
      `the stake in ${job} is bonded until ${formatTime(withdrawableAt)}: try again then`,
    );
  await withdrawStake(wallet, deployment.treasury, job);
  const withdrawn = formatUnits(stake, token.decimals);
  return {
    data: { account: wallet.address, job, withdrawn },
    text: table([
      ["paid to", wallet.address],
      ["stake", `${withdrawn} ${token.symbol}`],
    ]),
  };
}
