import { Option, type Command } from "commander";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { readMembership, refreshOperator } from "../../chain/accounts.ts";
import { readOperator, readWallet, rotate as sendRotation } from "../../chain/registration.ts";
import { remember } from "../../daemon/home/home.ts";
import { bindingExample, withBinding, withConsent, type Binding, type BindingOptions } from "../binding.ts";
import { jobRef } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { anAddress } from "../options.ts";
import { table, type Outcome } from "../output.ts";

interface RotateOptions extends BindingOptions {
  readonly job?: Address;
}

export function define(command: Command): void {
  withBinding(command).addOption(
    new Option("--job <address>", "a job to tell, so that it follows at its next draw (default: the home's)").argParser(
      anAddress,
    ),
  );
  const example = `paceline init --home clinic2\n${bindingExample("rotate", "clinic2")}`;
  acts<RotateOptions>(command, example, (options) =>
    withConsent("rotate", options, (binding) => rotate(binding, options.job)),
  );
}

/** A key that is lost or stolen costs no money: the wallet takes another one, and only the wallet can. */
async function rotate(binding: Binding, named: Address | undefined): Promise<Outcome> {
  const { chain, wallet, operator, consent, home } = binding;
  const { registry } = chain.deployment;
  await requireUnused(binding);
  const before = await readOperator(chain.endpoint, registry, wallet.address);
  if (before === undefined)
    throw new PacelineError("not-registered", `${wallet.address} has no operator yet: run \`paceline register\``);
  const { blockNumber } = await sendRotation(wallet, registry, operator, consent);
  const job = named ?? home?.job?.address;
  const told = job !== undefined && (await tellJob(binding, job));
  if (home !== undefined) {
    const known = job === undefined ? {} : { job: await jobRef(chain, job, home) };
    remember(home, { deployment: chain.deployment, rpc: chain.endpoint.url, ...known });
  }
  const rows: [string, string][] = [
    ["wallet", wallet.address],
    ["operator", operator],
    ["before", before],
    ["rotated in block", String(blockNumber)],
  ];
  if (told) rows.push(["job", `${job}, from its next draw on`]);
  return {
    data: { wallet: wallet.address, operator, before, blockNumber, ...(told ? { job } : {}) },
    text: table(rows),
  };
}

async function requireUnused({ chain, operator }: Binding): Promise<void> {
  const wallet = await readWallet(chain.endpoint, chain.deployment.registry, operator);
  if (wallet === undefined) return;
  throw new PacelineError(
    "bad-input",
    `the operator ${operator} has served ${wallet} and cannot be used again: make a new one with \`paceline init --home NEW\``,
  );
}

/** @returns whether the wallet is a member there */
async function tellJob({ chain, wallet }: Binding, job: Address): Promise<boolean> {
  const membership = await readMembership(chain.endpoint, job, wallet.address);
  if (membership === undefined) return false;
  await refreshOperator(wallet, job, membership.memberId);
  return true;
}
