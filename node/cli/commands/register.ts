import { Option, type Command } from "commander";
import type { Address } from "../../core/bytes.ts";
import { register as sendRegistration } from "../../chain/registration.ts";
import { remember } from "../../daemon/home/home.ts";
import { bindingExample, withBinding, withConsent, type Binding, type BindingOptions } from "../binding.ts";
import { jobRef, openJob } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { joinWithStake } from "../enrol.ts";
import { anAddress } from "../options.ts";
import { table, type Outcome } from "../output.ts";

interface RegisterOptions extends BindingOptions {
  readonly join?: Address;
}

export function define(command: Command): void {
  withBinding(command).addOption(
    new Option("--join <job>", "then lock the least stake and join this job").argParser(anAddress),
  );
  acts<RegisterOptions>(command, bindingExample("register", "clinic"), (options) =>
    withConsent("register", options, (binding) => register(binding, options.join)),
  );
}

async function register(binding: Binding, join: Address | undefined): Promise<Outcome> {
  const { chain, wallet, operator, consent, home } = binding;
  const job = join === undefined ? undefined : await openJob(chain, join);
  const { blockNumber } = await sendRegistration(wallet, chain.deployment.registry, operator, consent);
  const joinedIn = job === undefined ? undefined : await joinWithStake(chain, job, wallet);
  if (home !== undefined) {
    const known = job === undefined ? {} : { job: await jobRef(chain, job.job, home) };
    remember(home, { deployment: chain.deployment, rpc: chain.endpoint.url, ...known });
  }
  const rows: [string, string][] = [
    ["wallet", wallet.address],
    ["operator", operator],
    ["registered in block", String(blockNumber)],
  ];
  if (job !== undefined) rows.push(["joined", job.job]);
  return {
    data: { wallet: wallet.address, operator, blockNumber, ...(job === undefined ? {} : { job: job.job, joinedIn }) },
    text: table(rows),
  };
}
