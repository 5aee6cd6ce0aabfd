import { Option, type Command } from "commander";
import { leaveJob, readBalances } from "../../../chain/accounts.ts";
import type { Address } from "../../../core/bytes.ts";
import { homeIfAny, openJob, openWallet, withChainAccess } from "../../chainAccess.ts";
import { acts } from "../../command.ts";
import {
  anAddress,
  DEFAULT_HOME,
  withChain,
  withWallet,
  type ChainOptions,
  type WalletOptions,
} from "../../options.ts";
import { formatTime, table, type Outcome } from "../../output.ts";

interface LeaveOptions extends ChainOptions, WalletOptions {
  readonly home: string;
  readonly job?: Address;
}

export function define(command: Command): void {
  withWallet(withChain(command))
    .addOption(new Option("--job <address>", "the job (default: the home's)").argParser(anAddress))
    .addOption(new Option("--home <dir>", "the home that knows the job").default(DEFAULT_HOME));
  acts<LeaveOptions>(command, "paceline job leave --job 0xJOB --wallet wallet.json", leave);
}

function leave(options: LeaveOptions): Promise<Outcome> {
  const home = homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const { job, terms } = await openJob(chain, options.job, home);
    const wallet = await openWallet(options, chain.endpoint);
    await leaveJob(wallet, job);
    const { withdrawableAt } = await readBalances(
      chain.endpoint,
      chain.deployment.treasury,
      job,
      terms.stakeToken,
      wallet.address,
    );
    // 0 while the member may still be drawn in the running round.
    const stake =
      withdrawableAt === 0
        ? "unbonds from when the running round is over"
        : `can be withdrawn from ${formatTime(withdrawableAt)}`;
    const text = table([
      ["left", job],
      ["wallet", wallet.address],
      ["stake", stake],
    ]);
    return {
      data: { job, wallet: wallet.address, withdrawableAt },
      text: `${text}\nThen: paceline claim --stake --job ${job} --wallet FILE`,
    };
  });
}
