import { Option, type Command } from "commander";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { setPayout } from "../../chain/registration.ts";
import { homeIfAny, openWallet, withChainAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { anAddress, DEFAULT_HOME, withChain, withWallet, type ChainOptions, type WalletOptions } from "../options.ts";
import { table, type Outcome } from "../output.ts";

interface PayoutOptions extends ChainOptions, WalletOptions {
  readonly home: string;
}

export function define(command: Command): void {
  withWallet(withChain(command))
    .argument("<address>", "where claims and withdrawn stake of the wallet go from now on", anAddress)
    .addOption(new Option("--home <dir>", "the home that knows the contracts").default(DEFAULT_HOME));
  acts<PayoutOptions>(command, "paceline payout 0xADDRESS --wallet wallet.json", (options) =>
    payout(options, requireSomebody(command.processedArgs[0] as Address)),
  );
}

/** The contract takes the zero address for the wallet itself, which whoever gives it may not mean. */
function requireSomebody(address: Address): Address {
  if (BigInt(address) === 0n)
    throw new PacelineError("bad-input", "nobody has the zero address: give the wallet's own to be paid there again");
  return address;
}

function payout(options: PayoutOptions, to: Address): Promise<Outcome> {
  const home = homeIfAny(options.home);
  return withChainAccess(options, home, async ({ endpoint, deployment }) => {
    const wallet = await openWallet(options, endpoint);
    const { blockNumber } = await setPayout(wallet, deployment.registry, to);
    const text = table([
      ["wallet", wallet.address],
      ["paid out to", to],
    ]);
    return { data: { wallet: wallet.address, payout: to, blockNumber }, text };
  });
}
