import { Option, type Command } from "commander";
import { addStake, readHeld, readMembership, readToken } from "../../../chain/accounts.ts";
import type { Address } from "../../../core/bytes.ts";
import { PacelineError } from "../../../core/errors.ts";
import { toUnits } from "../../../daemon/job/jobSpec.ts";
import { homeIfAny, openJob, openWallet, withChainAccess } from "../../chainAccess.ts";
import { acts } from "../../command.ts";
import { anAddress, anAmount, DEFAULT_HOME, withChain, withWallet } from "../../options.ts";
import type { ChainOptions, WalletOptions } from "../../options.ts";
import { formatUnits, table, type Outcome } from "../../output.ts";

interface StakeOptions extends ChainOptions, WalletOptions {
  readonly home: string;
  readonly job?: Address;
  readonly amount: string;
}

export function define(command: Command): void {
  withWallet(withChain(command))
    .addOption(new Option("--amount <amount>", "in whole tokens").argParser(anAmount).makeOptionMandatory())
    .addOption(new Option("--job <address>", "the job (default: the home's)").argParser(anAddress))
    .addOption(new Option("--home <dir>", "the home that knows the job").default(DEFAULT_HOME));
  acts<StakeOptions>(command, "paceline job stake --amount 50 --wallet wallet.json", stake);
}

function stake(options: StakeOptions): Promise<Outcome> {
  const home = homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const { endpoint, deployment } = chain;
    const { job, terms } = await openJob(chain, options.job, home);
    const wallet = await openWallet(options, endpoint);
    if ((await readMembership(endpoint, job, wallet.address)) === undefined)
      throw new PacelineError("not-found", `${wallet.address} is no member of ${job}: \`paceline job join\``);
    const { decimals, symbol } = await readToken(endpoint, terms.stakeToken);
    const amount = toUnits(options.amount, decimals);
    const held = await readHeld(endpoint, terms.stakeToken, wallet.address);
    if (held < amount)
      throw new PacelineError(
        "insufficient-funds",
        `the wallet ${wallet.address} has ${formatUnits(held, decimals)} ${symbol}: send it the rest first`,
      );
    const { blockNumber } = await addStake(wallet, deployment, job, terms, amount);
    const text = table([
      ["job", job],
      ["wallet", wallet.address],
      ["stake added", `${options.amount} ${symbol}`],
    ]);
    return { data: { job, wallet: wallet.address, added: options.amount, blockNumber }, text };
  });
}
