import { Option, type Command } from "commander";
import type { Address } from "../../core/bytes.ts";
import { toHex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { readBonds, readFallenDemands, releaseBond, withdrawBonds } from "../../chain/bonds.ts";
import type { Endpoint } from "../../chain/endpoint.ts";
import { createSender, type Sender } from "../../chain/sender.ts";
import { openOutbox } from "../../daemon/account/outbox.ts";
import { openHome } from "../../daemon/home/home.ts";
import { lockHome } from "../../daemon/home/homeLock.ts";
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
    // The daemon pays with the same key: beside it, two would give out the same nonces.
    const lock = await lockHome(home.folder);
    const outbox = openOutbox(lock.storage, deployment.chainId, operator);
    const sender = createSender(endpoint, toHex(key), { outbox });
    const amount = await takeBack({ endpoint, court, job, operator }, sender, fallen).finally(() => {
      sender.close();
      lock.release();
    });
    const text = table([
      ["operator", operator],
      ["bonds set free", String(fallen.length)],
      ["withdrawn", `${amount} of the chain's coin`],
    ]);
    return { data: { operator, job, released: fallen, withdrawn: amount }, text };
  });
}

interface Place {
  readonly endpoint: Endpoint;
  readonly court: Address;
  readonly job: Address;
  readonly operator: Address;
}

/** @returns how much of the chain's coin it was */
async function takeBack(
  { endpoint, court, job, operator }: Place,
  sender: Sender,
  fallen: readonly number[],
): Promise<string> {
  for (const id of fallen) await releaseBond(sender, court, job, id);
  const amount = formatUnits(await readBonds(endpoint, court, operator), COIN_DECIMALS);
  await withdrawBonds(sender, court);
  return amount;
}
