import { Option, type Command } from "commander";
import type { Address } from "../../../core/bytes.ts";
import { remember } from "../../../daemon/home/home.ts";
import { toUnits } from "../../../daemon/job/jobSpec.ts";
import { homeIfAny, jobRef, openJob, openWallet, withChainAccess } from "../../chainAccess.ts";
import { acts } from "../../command.ts";
import { joinWithStake } from "../../enrol.ts";
import {
  anAddress,
  anAmount,
  DEFAULT_HOME,
  withChain,
  withWallet,
  type ChainOptions,
  type WalletOptions,
} from "../../options.ts";
import { formatUnits, table, type Outcome } from "../../output.ts";

interface JoinOptions extends ChainOptions, WalletOptions {
  readonly home: string;
  readonly job?: Address;
  readonly stake?: string;
}

export function define(command: Command): void {
  withWallet(withChain(command))
    .addOption(new Option("--job <address>", "the job (default: the home's)").argParser(anAddress))
    .addOption(
      new Option("--stake <amount>", "to lock, in whole tokens (default: the job's least)").argParser(anAmount),
    )
    .addOption(
      new Option("--home <dir>", "a home that remembers the job, if it is on this machine").default(DEFAULT_HOME),
    );
  acts<JoinOptions>(command, "paceline job join --job 0xJOB --wallet wallet.json", join);
}

function join(options: JoinOptions): Promise<Outcome> {
  const home = homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const job = await openJob(chain, options.job, home);
    const wallet = await openWallet(options, chain.endpoint);
    const { decimals, symbol } = chain.token;
    const amount = options.stake === undefined ? job.terms.stake : toUnits(options.stake, decimals);
    const blockNumber = await joinWithStake(chain, job, wallet, amount);
    if (home !== undefined)
      remember(home, {
        deployment: chain.deployment,
        rpc: chain.endpoint.url,
        job: await jobRef(chain, job.job, home),
      });
    const stake = formatUnits(amount, decimals);
    return {
      data: { job: job.job, wallet: wallet.address, stake, blockNumber },
      text: table([
        ["joined", job.job],
        ["wallet", wallet.address],
        ["stake locked", `${stake} ${symbol}`],
      ]),
    };
  });
}
