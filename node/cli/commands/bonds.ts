import { Option, type Command } from "commander";
import type { Address } from "../../core/bytes.ts";
import { toHex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { readBonds, readFallenDemands, releaseBond, withdrawBonds } from "../../chain/bonds.ts";
import { createSender } from "../../chain/sender.ts";
import { openHome } from "../../daemon/home/home.ts";
import { openKeystore } from "../../daemon/home/keystore.ts";
import { jobRef, openJob, withChainAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { anAddress, withChain, withHome, type ChainOptions } from "../options.ts";
import { formatUnits, table, type Outcome } from "../output.ts";
import { operatorPassword, readPassword } from "../password.ts";

interface BondsOptions extends ChainOptions {
  readonly home: string;
  readonly passwordFile?: string;
  readonly job?: Address;
}

const COIN_DECIMALS = 18;

export function define(command: Command): void {
  withHome(withChain(command)).addOption(
    new Option("--job <address>", "the job (default: the home's)").argParser(anAddress),
  );
  acts<BondsOptions>(command, "paceline bonds --home clinic", bonds);
}

/** The court holds the bonds of demands that fell with their proposal, and what answers were paid, until they are asked for. */
function bonds(options: BondsOptions): Promise<Outcome> {
  const home = openHome(options.home);
  return withChainAccess(options, home, async (chain) => {
    const { endpoint, deployment } = chain;
    const { court } = deployment;
    const { operator } = home.config;
    const { job } = await openJob(chain, options.job, home);
    const { fromBlock } = await jobRef(chain, job, home);
    const fallen = await readFallenDemands(endpoint, { job, court, fromBlock }, operator);
    if (fallen.length === 0 && (await readBonds(endpoint, court, operator)) === 0n)
      throw new PacelineError("not-found", `the court holds nothing for ${operator}`);
    const key = await openKeystore(home.keystore, await readPassword(operatorPassword(options.passwordFile)));
    const sender = createSender(endpoint, toHex(key));
    for (const id of fallen) await releaseBond(sender, court, job, id);
    const amount = formatUnits(await readBonds(endpoint, court, operator), COIN_DECIMALS);
    await withdrawBonds(sender, court);
    const text = table([
      ["operator", operator],
      ["bonds set free", String(fallen.length)],
      ["withdrawn", `${amount} of the chain's coin`],
    ]);
    return { data: { operator, job, released: fallen, withdrawn: amount }, text };
  });
}
